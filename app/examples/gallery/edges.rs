//! Errors, the pages around signing in, the demo's own pages.

use latchkey_app::components::FormError;
use latchkey_app::frame::Part;
use latchkey_app::pages::demo::{
    DemoCodePage, DemoCodeView, DemoPeoplePage, DemoPeopleView, DemoPerson, DemoScimPage, DemoScimView,
};
use latchkey_app::pages::error::{ErrorPage, ErrorView};
use latchkey_app::pages::signing::{SigningPage, SigningView};
use leptos::prelude::*;

use crate::sheet::Sheet;
use crate::world::{plain_viewer, reader};

const ID: &str = "01973f2a-6b1e-7c40-9d55-2f1b7e0a4c11";

fn demo_person(name: &str, position: &str, tries: &str) -> DemoPerson {
    DemoPerson { id: name.to_owned(), name: name.to_owned(), position: position.to_owned(), tries: tries.to_owned() }
}

fn demo_people(query: &str, found: bool) -> DemoPeoplePage {
    DemoPeoplePage {
        fields: vec![("state", "abc".to_owned())],
        suggested: vec![
            demo_person("Jonas Lindqvist", "Financial analyst, Finance operations", "Asks for access"),
            demo_person("Amara Okafor", "Head of finance operations", "Decides: three requests wait"),
            demo_person("Priya Raman", "IT operations lead", "Administrator: sees systems and the audit log"),
            demo_person("Bo Li", "Consultant", "Contractor: some roles are closed"),
            demo_person("Sven Aalto", "Left in January", "Is refused"),
        ],
        query: query.to_owned(),
        found: if found {
            vec![
                demo_person("Grace Mbeki", "Accounts clerk, Finance operations", ""),
                demo_person("Grace Hall", "Engineer, Optics", ""),
            ]
        } else {
            Vec::new()
        },
        search_action: "/authorize",
        action: "/choose",
        company: "Northbeam Instruments".to_owned(),
    }
}

fn demo_code(wrong: bool) -> DemoCodePage {
    DemoCodePage {
        fields: Vec::new(),
        name: "Jonas Lindqvist".to_owned(),
        code: "482 913".to_owned(),
        seconds: 17,
        typed: if wrong { "482".to_owned() } else { String::new() },
        errors: if wrong {
            vec![FormError { field: Some("code"), message: "Type all six digits, for example 482913".to_owned() }]
        } else {
            Vec::new()
        },
        action: "/code",
        company: "Northbeam Instruments".to_owned(),
    }
}

pub fn sheets() -> Vec<Sheet> {
    let signing = |name, page: SigningPage| {
        Sheet::bare(name, page.title.clone(), view! { <SigningView page=page reader=reader()/> })
    };
    let (missing, broken, bare) = (ErrorPage::not_found(ID), ErrorPage::broken(ID), ErrorPage::broken(ID));
    let mut kept = ErrorPage::broken(ID);
    kept.typed = vec![(
        "Why".to_owned(),
        "Month-end close: I reconcile the payroll run of February with the ledger.".to_owned(),
    )];
    kept.back = ("/roles/1".to_owned(), "Back to Payroll reader".to_owned());
    let scim = DemoScimPage {
        name: "Travel app".to_owned(),
        users: vec![
            ("jonas.lindqvist".to_owned(), "Jonas Lindqvist".to_owned(), true),
            ("bo.li".to_owned(), "Bo Li".to_owned(), false),
        ],
        groups: vec![("Bookers".to_owned(), vec!["jonas.lindqvist".to_owned()]), ("Approvers".to_owned(), Vec::new())],
    };
    vec![
        Sheet::framed(
            "error-404",
            Part::Elsewhere,
            missing.title(),
            view! { <ErrorView page=missing reader=reader()/> },
        )
        .tuned(plain_viewer),
        Sheet::framed("error-500", Part::Elsewhere, broken.title(), view! { <ErrorView page=broken reader=reader()/> }),
        Sheet::framed("error-kept", Part::Elsewhere, kept.title(), view! { <ErrorView page=kept reader=reader()/> }),
        Sheet::bare("error-bare", bare.title(), view! { <ErrorView page=bare reader=reader()/> }),
        signing(
            "signing-unknown",
            SigningPage::unknown_person(
                "Northbeam Instruments",
                "Northbeam sign-in",
                "sven.aalto@northbeam.example",
                ID,
            ),
        ),
        signing(
            "signing-mfa",
            SigningPage::too_little_proof(
                "Northbeam sign-in",
                "Password (pwd)",
                "Password and a second factor (otp, hwk or mfa)",
                ID,
            ),
        ),
        signing("signing-many", SigningPage::too_many("in 4 minutes", ID)),
        signing(
            "signing-trouble",
            SigningPage::provider_trouble("Northbeam sign-in", "did not answer within 10 seconds.", ID),
        ),
        signing("signed-out", SigningPage::signed_out(true)),
        Sheet::bare(
            "demo-people",
            "Who are you today?".to_owned(),
            view! { <DemoPeopleView page=demo_people("", false)/> },
        ),
        Sheet::bare(
            "demo-people-found",
            "Who are you today?".to_owned(),
            view! { <DemoPeopleView page=demo_people("grace", true)/> },
        ),
        Sheet::bare("demo-code", "Sign in".to_owned(), view! { <DemoCodeView page=demo_code(false)/> }),
        Sheet::bare("demo-code-wrong", "Error: sign in".to_owned(), view! { <DemoCodeView page=demo_code(true)/> }),
        Sheet::bare("demo-scim", "Travel app".to_owned(), view! { <DemoScimView page=scim/> }),
    ]
}
