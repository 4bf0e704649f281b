//! The SCIM connector against PyPI's scim2-server, seen by plain HTTP.

use std::collections::BTreeSet;

use async_trait::async_trait;
use latchkey_connectors::{
    CallError, ConnectionSettings, Connector, EntitlementKind, EntitlementRef, Secret, build,
    real_servers::{Scim2, Scim2Options, free_port, start_scim2},
    scim::ScimSettings,
};
use serde_json::{Value, json};

use crate::{
    certificates::certificates,
    contract::{Bench, Probe, keeps_the_contract, needs_human, retry_later, spec},
    contract_listing::can_be_listed,
    servers::{PLANTED, folder, silent_port},
};

fn connector(settings: ScimSettings) -> Box<dyn Connector> {
    build(ConnectionSettings::Scim(settings)).unwrap()
}

fn app_role(native: &str) -> EntitlementRef {
    EntitlementRef::new(EntitlementKind::AppRole, native)
}

/// Plain requests; whole lists are read and looked through here, without filters.
struct Http {
    client: reqwest::Client,
    base: String,
}

impl Http {
    fn of(server: &Scim2) -> Self {
        Self { client: reqwest::Client::builder().no_proxy().build().unwrap(), base: server.base_url() }
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.client.request(method, format!("{}/{path}", self.base)).bearer_auth(PLANTED);
        if let Some(body) = body {
            request = request.header("content-type", "application/scim+json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {} {:?}", answer.status(), answer.text().await);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }

    async fn all(&self, resource: &str) -> Vec<Value> {
        let list = self.send(reqwest::Method::GET, &format!("{resource}?count=1000"), None).await;
        list["Resources"].as_array().cloned().unwrap_or_default()
    }

    async fn add_group(&self, name: &str) -> String {
        let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name });
        self.send(reqwest::Method::POST, "Groups", Some(group)).await["id"].as_str().unwrap().to_owned()
    }

    async fn group(&self, name: &str) -> Value {
        self.all("Groups").await.into_iter().find(|group| group["displayName"] == name).unwrap()
    }
}

#[async_trait]
impl Probe for Http {
    async fn members(&self, native: &str) -> BTreeSet<String> {
        let group = self.group(native).await;
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }
    async fn accounts(&self, name: &str) -> Vec<String> {
        let users = self.all("Users").await.into_iter().filter(|user| user["userName"] == name);
        users.map(|user| user["id"].as_str().unwrap().to_owned()).collect()
    }
    async fn add_stranger(&self, name: &str) -> String {
        let user = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name });
        self.send(reqwest::Method::POST, "Users", Some(user)).await["id"].as_str().unwrap().to_owned()
    }
    async fn add_member(&self, native_id: &str, native: &str) {
        let mut group = self.group(native).await;
        let path = format!("Groups/{}", group["id"].as_str().unwrap());
        let mut members = group["members"].as_array().cloned().unwrap_or_default();
        members.push(json!({ "value": native_id }));
        group["members"] = Value::from(members);
        self.send(reqwest::Method::PUT, &path, Some(group)).await;
    }
    async fn delete(&self, native_id: &str) {
        self.send(reqwest::Method::DELETE, &format!("Users/{native_id}"), None).await;
    }
    async fn dump(&self, native_id: &str) -> String {
        let user = self.send(reqwest::Method::GET, &format!("Users/{native_id}"), None).await;
        serde_json::to_string_pretty(&user).unwrap()
    }
    async fn nest(&self, native: &str) -> BTreeSet<String> {
        let inner = self.add_group("a group").await;
        self.add_member(&inner, native).await;
        BTreeSet::from(["a group".to_owned()])
    }
    async fn rest(&self, native_id: &str) -> String {
        let mut user = self.send(reqwest::Method::GET, &format!("Users/{native_id}"), None).await;
        let fields = user.as_object_mut().unwrap();
        fields.remove("externalId");
        fields.remove("meta");
        user.to_string()
    }
}

#[tokio::test]
async fn promise_09_a_real_service_keeps_the_contract() {
    let dir = folder();
    let server =
        start_scim2(Scim2Options { dir: dir.path().into(), port: None, token: Secret::new(PLANTED) }).await.unwrap();
    let probe = Http::of(&server);
    // More groups than fit on a page, with ours among the last.
    for number in 0..3 {
        probe.add_group(&format!("other {number}")).await;
    }
    let (one, two) = ("one", "two, \"and\" it's \\ (#3)");
    probe.add_group(one).await;
    probe.add_group(two).await;
    let connector = connector(ScimSettings { page_size: 5, ..server.settings() });
    let bench = Bench {
        connector: connector.as_ref(),
        probe: &probe,
        entitlements: [app_role(one), app_role(two)],
        missing: app_role("no such group"),
        foreign: Some(EntitlementKind::DatabaseRole),
        tag: "",
        pages: 2,
    };
    keeps_the_contract(&bench).await;
    can_be_listed(&bench).await;

    // Two groups of one name can't be told apart.
    probe.add_group("twins").await;
    probe.add_group("twins").await;
    let account = connector.create(&spec("E77", "seven")).await.unwrap().native_id;
    assert!(needs_human(connector.grant(&account, &app_role("twins")).await).contains("2 groups"));

    let wrong = self::connector(ScimSettings { token: Some(Secret::new("wr0ng-s3cret-1")), ..server.settings() });
    let words = needs_human(wrong.check().await);
    assert!(words.contains("401") && words.contains("token") && !words.contains("wr0ng"), "{words}");
    let elsewhere =
        self::connector(ScimSettings { base_url: format!("{}/nowhere", server.base_url()), ..server.settings() });
    assert!(needs_human(elsewhere.check().await).contains("base_url"));
    let small = self::connector(ScimSettings { max_answer_bytes: 1024, ..server.settings() });
    assert!(
        needs_human(
            small
                .create(&{
                    let mut wanted = spec("E88", "eight");
                    wanted.family_name = "x".repeat(200);
                    wanted.display_name = "y".repeat(255);
                    wanted.email = Some(format!("{}@example.test", "z".repeat(200)));
                    wanted
                })
                .await
        )
        .contains("max_answer_bytes")
    );

    drop(server);
    let words = retry_later(connector.check().await);
    assert!(words.contains("refused"), "{words}");
    let (port, silent) = silent_port().await;
    let hung = ScimSettings {
        timeout_seconds: 1,
        ..ScimSettings::new(&format!("http://127.0.0.1:{port}"), Secret::new(PLANTED))
    };
    retry_later(self::connector(hung).check().await);
    silent.abort();
}

/// A web server with TLS that isn't a SCIM service: how far the connector gets shows whether it trusted the certificate.
#[tokio::test]
async fn tls_is_verified() {
    let dir = folder();
    let (authority, certificate, key) = certificates(dir.path());
    let port = free_port().unwrap();
    let mut server = std::process::Command::new("openssl");
    server.args(["s_server", "-www", "-quiet", "-accept", &port.to_string()]);
    server.arg("-cert").arg(certificate).arg("-key").arg(key);
    let mut server = server.spawn().unwrap();
    let settings = ScimSettings::new(&format!("https://127.0.0.1:{port}"), Secret::new(PLANTED));
    let trusting = connector(ScimSettings { ca_file: Some(authority), ..settings.clone() });
    let distrusting = connector(settings);
    let mut outcomes = (trusting.check().await, distrusting.check().await);
    for _ in 0..50 {
        if matches!(outcomes, (Err(CallError::NeedsHuman { .. }), Err(CallError::NeedsHuman { .. }))) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        outcomes = (trusting.check().await, distrusting.check().await);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(needs_human(outcomes.0).contains("text/html"));
    assert!(needs_human(outcomes.1).contains("not trusted"));
}
