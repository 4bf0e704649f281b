//! Measures a built Latchkey: what pages and changes cost on SQLite and on PostgreSQL, small and large.
//!
//! Figures are meant as ratios within one run: machines are noisy. What is counted is CPU time of the process (and of
//! PostgreSQL's processes) per request at one connection, and how long answers take at one and at sixteen connections.

mod confirm;
mod cpu;
mod policies;
mod report;
mod server;
mod visit;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::Parser;
use latchkey_store::{
    Db, EventKey, Url,
    testing::{
        self,
        bulk::{self, Company, Size},
    },
};

use confirm::Target;
use report::{Line, Report};
use server::{Part, Server, Visitor};

/// The key of the measured databases' events.
const KEY: &str = "measured-measured-measured-measured-measured-measured-measured!!";

/// What to measure.
#[derive(Debug, Parser)]
struct Args {
    /// The release build.
    #[arg(long, env = "LATCHKEY_BIN", default_value = "target/release/latchkey")]
    bin: PathBuf,
    /// A PostgreSQL server whose user may create databases; without it only SQLite is measured.
    #[arg(long, env = "LATCHKEY_TEST_POSTGRES_URL")]
    postgres: Option<String>,
    /// Requests per figure at one connection.
    #[arg(long, default_value_t = 300)]
    requests: usize,
    /// Leaves out the company of 100,000 people.
    #[arg(long)]
    small: bool,
    /// Measures only how many evaluations of a policy one core does in a second; needs neither a database nor a build.
    #[arg(long)]
    policies: bool,
    /// Measures only the inbox of somebody for whom 200 items wait, in a company with 10,000 open ones.
    #[arg(long)]
    inbox: bool,
    /// Measures nothing: fills a database, starts the program on it, says who can visit, and waits for Ctrl-C. For profilers.
    #[arg(long)]
    hold: bool,
}

const SMALL: Size = Size { people: 2_000, roles: 1_000, grants: 50_000, requests: 5_000, pending: 500 };
/// The visitor who only reads.
const READER: usize = 20;
/// How often the program is started; the median is told.
const STARTS: usize = 7;

const MANY_OPEN: Size = Size { people: 2_000, roles: 1_000, grants: 50_000, requests: 10_000, pending: 10_000 };

const LARGE: Size = Size { people: 100_000, roles: 1_000, grants: 1_000_000, requests: 5_000, pending: 500 };

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    for (what, n) in policies::measure()? {
        println!("{n:>12.0}  {what}");
    }
    if args.policies {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut reports = Vec::new();
    let sqlite = format!("sqlite:{}", folder.path().join("small.db").display());
    if args.hold {
        let url = match &args.postgres {
            Some(server) => create_database(server, "latchkey_bench_small").await?,
            None => sqlite,
        };
        return hold(&args, &url).await;
    }
    if args.inbox {
        reports.push(inbox(&args, "SQLite, 10,000 open items", &sqlite).await?);
        if let Some(server) = &args.postgres {
            let url = create_database(server, "latchkey_bench_inbox").await?;
            reports.push(inbox(&args, "PostgreSQL, 10,000 open items", &url).await?);
        }
        report::print(&reports);
        return Ok(());
    }
    reports.push(measure(&args, "SQLite, 2,000 people", &sqlite, SMALL).await?);
    if let Some(server) = &args.postgres {
        let small = create_database(server, "latchkey_bench_small").await?;
        reports.push(measure(&args, "PostgreSQL, 2,000 people", &small, SMALL).await?);
        if !args.small {
            let large = create_database(server, "latchkey_bench_large").await?;
            reports.push(measure(&args, "PostgreSQL, 100,000 people", &large, LARGE).await?);
        }
    }
    report::print(&reports);
    Ok(())
}

/// A fresh database on the server.
async fn create_database(server: &str, name: &str) -> Result<String> {
    for sql in [format!("drop database if exists {name} with (force)"), format!("create database {name}")] {
        let status = tokio::process::Command::new("psql").args([server, "-qc", &sql]).status().await?;
        anyhow::ensure!(status.success(), "psql could not run: {sql}");
    }
    let (base, _) = server.rsplit_once('/').context("the server's URL ends with a database")?;
    Ok(format!("{base}/{name}"))
}

async fn hold(args: &Args, url: &str) -> Result<()> {
    let db = open(url).await?;
    let company = bulk::fill(&db, server::now(), &policy(), SMALL).await?;
    let visitors = visitors(&db, &company).await?;
    bulk::analyze(&db).await?;
    db.close().await;
    let server = Server::start(&args.bin, url, KEY, Part::All, &[]).await?;
    println!("the program is process {} at {}", server.pid()?, server.base);
    for (who, n) in [("administrator", 0), ("manager", company.manager), ("reader", READER)] {
        println!("{who}: Cookie: {}", visitors[n].cookie);
    }
    tokio::signal::ctrl_c().await?;
    server.stop().await
}

async fn open(url: &str) -> Result<Db> {
    let parsed: Url = url.parse().map_err(anyhow::Error::msg)?;
    let db = Db::open(&parsed, EventKey::new(KEY.as_bytes()).map_err(anyhow::Error::msg)?).await?;
    db.migrate().await?;
    Ok(db)
}

async fn measure(args: &Args, title: &str, url: &str, size: Size) -> Result<Report> {
    eprintln!("{title}: filling the database");
    let db = open(url).await?;
    let company = bulk::fill(&db, server::now(), &policy(), size).await?;
    let visitors = visitors(&db, &company).await?;
    let folder = tempfile::tempdir()?;
    let target = Target::start(folder.path(), &db, company.policy, company.people[0]).await?;
    bulk::analyze(&db).await?;

    eprintln!("{title}: measuring");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let server = Server::start(&args.bin, url, KEY, Part::All, &[]).await?;
        starts.push(server.started_in);
        server.stop().await?;
    }
    let settings = target.as_ref().map(Target::settings).unwrap_or_default();
    let server = Server::start(&args.bin, url, KEY, Part::All, &settings).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut report = Report::new(title, starts, server.memory()?);
    report.first_visit = visit::first(&server, &visitors[READER]).await?;
    let boss = &visitors[0];
    let manager = &visitors[company.manager];
    let reader = &visitors[READER];
    for (name, path, who) in [
        ("home", "/", reader),
        ("catalog", "/catalog", reader),
        ("catalog search", "/catalog?q=payroll", reader),
        ("inbox", "/approvals", manager),
        ("audit page", "/audit", boss),
        ("requests", "/requests", reader),
    ] {
        report.lines.push(page(&server, name, path, who, args.requests).await?);
    }
    report.memory_under_load = server.memory()?;
    server.stop().await?;

    let server = Server::start(&args.bin, url, KEY, Part::Pages, &settings).await?;
    let before = decisions(&db).await?;
    report.lines.push(submit(&server, &company, &visitors, args.requests.min(200)).await?);
    let (line, decided) = approve(&server, &company, &visitors, manager, args.requests).await?;
    report.lines.push(line);
    anyhow::ensure!(decisions(&db).await? == before + decided, "not every approval was accepted");
    server.stop().await?;

    if let Some(target) = &target {
        let server = Server::start(&args.bin, url, KEY, Part::All, &settings).await?;
        // What the changes above left for the worker is done first.
        tokio::time::sleep(Duration::from_secs(5)).await;
        report.confirmed = target.measure(&server, &db, &visitors).await?;
        server.stop().await?;
    }
    db.close().await;
    Ok(report)
}

/// The inbox alone: its first page, one decision open in it, and narrowed.
async fn inbox(args: &Args, title: &str, url: &str) -> Result<Report> {
    eprintln!("{title}: filling the database");
    let db = open(url).await?;
    let company = bulk::fill(&db, server::now(), &policy(), MANY_OPEN).await?;
    let visitors = visitors(&db, &company).await?;
    bulk::analyze(&db).await?;
    let waiting = testing::number(&db, "select count(*) from item where state = 'waiting'").await?;
    let manager = &visitors[company.manager];
    let server = Server::start(&args.bin, url, KEY, Part::Pages, &[]).await?;
    let mut report = Report::new(title, vec![server.started_in], server.memory()?);
    let mine = server.items_of_inbox(manager).await?;
    eprintln!("{title}: {waiting} items wait, {} of them on the first page of this manager's inbox", mine.len());
    let first = mine.first().context("nothing waits for the manager")?;
    for (name, path) in [
        ("inbox", "/approvals".to_owned()),
        ("inbox, one chosen", format!("/approvals?item={first}")),
        ("inbox, narrowed", "/approvals?risk=low&sort=closing".to_owned()),
    ] {
        report.lines.push(page(&server, name, &path, manager, args.requests).await?);
    }
    report.memory_under_load = server.memory()?;
    server.stop().await?;
    db.close().await;
    Ok(report)
}

fn policy() -> String {
    serde_json::json!({"schema": 1, "policy": {
        "key": "standard", "name": "Manager decides", "description": "Everyday access.",
        "stages": [{"approvers": "manager", "fallback": "owner"}],
        "max_duration": "365d", "default_duration": "90d", "offer": ["7d", "30d", "90d"],
        "who": ["employee"], "reason": "required", "undecided_after": "60d"}})
    .to_string()
}

/// Sessions for the first thousand people.
async fn visitors(db: &Db, company: &Company) -> Result<Vec<Visitor>> {
    let visitors: Vec<Visitor> = (0..company.people.len().min(1_000)).map(Visitor::new).collect();
    let who: Vec<_> = visitors.iter().zip(&company.people).map(|(v, p)| (*p, v.hash.clone())).collect();
    bulk::sessions(db, server::now(), &who).await?;
    Ok(visitors)
}

async fn page(server: &Server, name: &'static str, path: &str, who: &Visitor, requests: usize) -> Result<Line> {
    let mut line = Line::new(name);
    for _ in 0..30 {
        let answer = server.get(path, who).await?;
        anyhow::ensure!(answer.status == 200, "{path} answered {}", answer.status);
        (line.bytes, line.queries) = (answer.bytes, answer.queries);
    }
    let before = server.cpu()?;
    for _ in 0..requests {
        line.one.push(server.get(path, who).await?.took);
    }
    line.cpu = server.cpu()?.since(before, requests);
    line.sixteen = server.many(path, who, 16, requests / 4).await?;
    Ok(line)
}

async fn decisions(db: &Db) -> Result<usize> {
    Ok(usize::try_from(testing::number(db, "select count(*) from decision").await?)?)
}

/// Each submission is somebody else's, for a role that they don't hold: see `bulk::fill` for who holds what.
async fn submit(server: &Server, company: &Company, visitors: &[Visitor], requests: usize) -> Result<Line> {
    const WARM_UP: usize = 20;
    let mut line = Line::new("submit");
    let person = |n: usize| 300 + n % (visitors.len() - 300);
    let form = |n: usize| {
        let role = company.roles[(person(n) + 2) % company.roles.len()];
        format!("role_id={role}&once={}&duration=90d&reason=To+finish+the+report", uuid::Uuid::new_v4())
    };
    let mut before = server.cpu()?;
    for n in 0..WARM_UP + requests {
        if n == WARM_UP {
            before = server.cpu()?;
            line.one.clear();
        }
        let answer = server.post("/do/request-role", &form(n), &visitors[person(n)]).await?;
        anyhow::ensure!(
            answer.status == 303 && answer.location.starts_with("/requests/"),
            "submission {n} was answered with {} to {}",
            answer.status,
            answer.location
        );
        (line.bytes, line.queries) = (answer.bytes, answer.queries);
        line.one.push(answer.took);
    }
    line.cpu = server.cpu()?.since(before, requests);
    Ok(line)
}

/// The items that wait for managers, one after the other.
async fn approve(
    server: &Server,
    company: &Company,
    visitors: &[Visitor],
    first: &Visitor,
    requests: usize,
) -> Result<(Line, usize)> {
    let mut line = Line::new("approve");
    let mut waiting = Vec::new();
    let others = visitors.iter().filter(|who| who.hash != first.hash).take(company.people.len().min(300));
    for who in std::iter::once(first).chain(others) {
        if waiting.len() >= requests {
            break;
        }
        waiting.extend(server.items_of_inbox(who).await?.into_iter().map(|item| (item, who)));
    }
    waiting.truncate(requests);
    anyhow::ensure!(waiting.len() > 20, "only {} items wait", waiting.len());
    let before = server.cpu()?;
    for (item, who) in &waiting {
        let answer = server.post("/do/decide", &format!("item_id={item}&verdict=approve&comment="), who).await?;
        anyhow::ensure!(
            answer.status == 303 && answer.location == "/approvals",
            "{item} was answered with {} to {}",
            answer.status,
            answer.location
        );
        line.one.push(answer.took);
        (line.bytes, line.queries) = (answer.bytes, answer.queries);
    }
    line.cpu = server.cpu()?.since(before, waiting.len());
    Ok((line, waiting.len()))
}
