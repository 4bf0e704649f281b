//! `latchkey demo`: a whole company on one machine. It is built with the feature `demo` and is in no release for production.
//!
//! It starts a directory, a database cluster, three applications and an identity provider, all on loopback and in one data
//! folder, sets up the company with some months of history, and serves the portal with a worker, as `latchkey serve` does.

mod company;
mod directory;
mod earlier;
mod history;
pub mod identity_provider;
mod keep;
mod mailbox;
mod on_call;
mod people;
mod ports;
mod printed;
pub mod scim_service;
mod systems;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use axum::Router;
use latchkey_domain::clock::{Clock, SystemClock};
use latchkey_reconciler::Stop;
use latchkey_service::files::CatalogFiles;
use latchkey_store::{Db, Url};

use crate::{
    cli::{
        Failure, lock,
        open::{Opened, Schema, key_of, open},
        place::Place,
    },
    observe::logs,
    serve::{self, listen, signals},
    settings::{Purpose, Settings},
    worker,
};
use company::Company;
use history::History;
use identity_provider::DemoProviderOptions;
use keep::{CLIENT_ID, Folder, localhost};
use on_call::Board;
use ports::Ports;
use printed::Ready;
use scim_service::{Scim, ScimOptions, Tenant};
use systems::Systems;

/// Where the data is when nobody says.
const FOLDER: &str = "data/demo";
/// What a port is chosen by.
const PORTS: &str = "the demo's ports.json";
/// What the company is called.
const COMPANY: &str = "Brinewell";

/// Runs the demo until it is stopped.
///
/// # Errors
/// When its folder or a port can't be used, a file of the company is wrong, or another demo runs there.
pub async fn run(place: &Place, files: Option<PathBuf>) -> Result<(), Failure> {
    if place.file.is_some() {
        return Err(Failure::new(
            "`latchkey demo` writes its own settings into its data folder. Leave --settings and LATCHKEY_SETTINGS out.",
        ));
    }
    let began = Instant::now();
    let stop = signals::stop()?;
    let company = files.as_deref().map_or_else(|| Ok(Company::built_in()), Company::of_folder)?;
    let catalog = company.parsed()?;
    let folder = Folder::open(place.data.as_deref().unwrap_or(Path::new(FOLDER)))?;
    let lock = lock::the_worker(&folder.database())?;
    logs::start_in_file(&folder.path("latchkey.log"), "info")?;
    let first = !folder.is_set_up();
    if first {
        folder.begin_again()?;
        printed::step("Setting up the demo company. This is done once.");
    }
    let ports_file = folder.path("ports.json");
    let ports = ports::choose(&ports_file).map_err(|error| Failure::file("Choosing ports for", &ports_file, &error))?;
    let demo = Demo { folder, ports, company, catalog, clock: Arc::new(SystemClock) };
    demo.run(first, lock, stop, began).await
}

/// A demo that is about to run.
struct Demo {
    folder: Folder,
    ports: Ports,
    company: Company,
    catalog: CatalogFiles,
    clock: Arc<dyn Clock>,
}

impl Demo {
    async fn run(self, first: bool, lock: lock::Held, stop: Stop, began: Instant) -> Result<(), Failure> {
        printed::step("Starting the directory, the database cluster and the applications.");
        let systems = tokio::select! {
            started = Systems::start(&self.folder, self.ports, &self.catalog, !first) => started?,
            () = stop.wait() => return Ok(()),
        };
        for secret in ["event.key", "client.secret"] {
            self.folder.secret(secret)?;
        }
        on_call::keep_secret(&self.folder)?;
        self.folder.write_settings(self.ports, COMPANY, &systems)?;
        let settings = Settings::load(Purpose::Serve, Some(&self.folder.path("latchkey.toml")), [])?;
        let ended = self.set_up_and_serve(first, lock, &settings, &systems, stop, began).await;
        printed::step("Stopping the local systems.");
        drop(systems);
        ended
    }

    async fn set_up_and_serve(
        &self,
        first: bool,
        lock: lock::Held,
        settings: &Settings,
        systems: &Systems,
        stop: Stop,
        began: Instant,
    ) -> Result<(), Failure> {
        if first {
            tokio::select! {
                done = self.set_up(settings, systems) => done?,
                () = stop.wait() => return Ok(()),
            }
        }
        self.serve(settings, systems, lock, stop, began).await
    }

    /// The company with its past.
    async fn set_up(&self, settings: &Settings, systems: &Systems) -> Result<(), Failure> {
        printed::step("Writing the company's last three months, and making it so on its systems.");
        earlier::prepare(&self.folder, &self.catalog, &self.company, systems).await?;
        let scim = self.applications()?;
        let listener = listen::bind(on_this_machine(self.ports.scim), PORTS).await?;
        let (set_up_ends, ends) = latchkey_reconciler::stop();
        let serving = tokio::spawn(listen::serve(listener, scim.router(Router::new()), ends));
        let workshop = self.folder.workshop()?;
        let written = self.write_history(&workshop, settings, systems, &scim).await;
        // What is left in there is of no use to anybody.
        let _ = std::fs::remove_dir_all(&workshop);
        set_up_ends.stop();
        let _ = serving.await;
        written?;
        self.folder.note_set_up()
    }

    async fn write_history(
        &self,
        workshop: &Path,
        settings: &Settings,
        systems: &Systems,
        scim: &Scim,
    ) -> Result<(), Failure> {
        let key = key_of(settings)?;
        let db = Db::open(&Url::Sqlite(workshop.join("latchkey.db")), key).await?;
        db.migrate().await?;
        let now = self.clock.now();
        let history = History {
            db: db.clone(),
            company: self.company.clone(),
            connections: systems.connections()?,
            issuer: format!("http://localhost:{}", self.ports.identity_provider),
            maintenance: &|| earlier::maintenance(&self.catalog, scim, now),
            now,
        };
        let played = history.write().await?;
        tracing::info!(?played, "the demo's history is written");
        let new = self.folder.path("latchkey.db.new");
        db.backup_sqlite(&new).await?;
        db.close().await;
        self.folder.take_database(&new)
    }

    async fn serve(
        &self,
        settings: &Settings,
        systems: &Systems,
        lock: lock::Held,
        stop: Stop,
        began: Instant,
    ) -> Result<(), Failure> {
        let opened = open(settings, &*self.clock, Schema::Migrate).await?;
        // The applications and the provider end last: the worker may still be talking to them.
        let (services, services_end) = latchkey_reconciler::stop();
        let applications = listen::bind(on_this_machine(self.ports.scim), PORTS).await?;
        let provider = listen::bind(on_this_machine(self.ports.identity_provider), PORTS).await?;
        let mut beside = self.mail(&opened.db);
        // A company of one's own may have no such source.
        if self.catalog.sources.iter().any(|source| source.key == on_call::SOURCE) {
            let portal = localhost(self.ports.portal)?;
            let board = Board::open(&self.folder, &self.company.people, COMPANY, portal, self.clock.clone())?;
            beside = beside.merge(board.clone().router());
            tokio::spawn(board.keep_alive(services_end.clone()));
        }
        let serving = [
            tokio::spawn(listen::serve(applications, self.applications()?.router(beside), services_end.clone())),
            tokio::spawn(listen::serve(provider, self.provider(&opened.db)?, services_end)),
        ];
        let served = self.serve_portal(settings, &opened, systems, lock, stop, began).await;
        services.stop();
        for serving in serving {
            // They only end; what they had to say is in the log.
            let _ = serving.await;
        }
        opened.db.close().await;
        served
    }

    async fn serve_portal(
        &self,
        settings: &Settings,
        opened: &Opened,
        systems: &Systems,
        lock: lock::Held,
        stop: Stop,
        began: Instant,
    ) -> Result<(), Failure> {
        let listener = listen::bind(settings.listen, "listen").await?;
        let connections = worker::Connected::These { connections: systems.connections()?, lock: Some(lock) };
        let working = worker::start(settings, opened, self.clock.clone(), connections, stop.clone()).await?;
        let connected = systems.reached().map(str::to_owned).collect();
        let parts =
            serve::Parts { settings, opened, connected, worker: Some(working.name.clone()), stop: stop.clone() };
        let app = serve::router(parts, self.clock.clone())?;
        let waiting = people::waiting_for(&opened.db, history::BUSY_MANAGER).await?;
        printed::ready(&Ready {
            folder: &self.folder,
            ports: self.ports,
            systems,
            catalog: &self.catalog,
            company: &self.company,
            waiting,
            took: began.elapsed(),
        });
        listen::serve(listener, app, stop).await;
        working.ended().await;
        Ok(())
    }

    fn applications(&self) -> Result<Scim, Failure> {
        let mut tenants = Vec::new();
        for system in self.catalog.systems.iter().filter(|system| system.kind == latchkey_connectors::SystemKind::Scim)
        {
            tenants.push(Tenant {
                key: system.key.clone(),
                name: system.name.clone(),
                token: self.folder.secret(&format!("scim-{}.token", system.key))?,
                groups: system.entitlements.iter().map(|entitlement| entitlement.native.clone()).collect(),
            });
        }
        let options = ScimOptions {
            address: localhost(self.ports.scim)?,
            company: COMPANY.to_owned(),
            tenants,
            file: self.folder.path("applications.json"),
            clock: self.clock.clone(),
        };
        Scim::open(options).map_err(|error| Failure::new(format!("The applications can't start: {error}.")))
    }

    fn mail(&self, db: &Db) -> Router {
        mailbox::router(db.clone(), COMPANY, &format!("http://localhost:{}", self.ports.portal))
    }

    fn provider(&self, db: &Db) -> Result<Router, Failure> {
        let options = DemoProviderOptions {
            issuer: localhost(self.ports.identity_provider)?,
            portal: localhost(self.ports.portal)?,
            client_id: CLIENT_ID.to_owned(),
            client_secret: self.folder.secret("client.secret")?,
            company: COMPANY.to_owned(),
            key_file: self.folder.path("provider.key"),
            people: people::finder(db.clone()),
            clock: self.clock.clone(),
        };
        identity_provider::router(options)
            .map_err(|error| Failure::new(format!("The demo's sign-in can't start: {error}.")))
    }
}

const fn on_this_machine(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
