//! Deliveries, on their way to a small receiver of the tests' own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use latchkey_domain::IdentityId;
use latchkey_reconciler::{ChatFormat, Settings, Target, ToldPass};
use latchkey_testkit::{Role, World, both_databases};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::scene::{Scene, Stoppable, settings};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A request as the receiver took it.
#[derive(Debug, Clone)]
struct Taken {
    headers: HashMap<String, String>,
    body: String,
}

impl Taken {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        &self.headers[name]
    }

    /// Verifies with an independent library, at the time that the world's clock says.
    fn is_signed_by(&self, secret: &str) -> bool {
        let at = self.header("webhook-timestamp").parse().unwrap();
        let own = Webhook::new(secret).unwrap().sign(self.header("webhook-id"), at, self.body.as_bytes()).unwrap();
        self.header("webhook-signature").split(' ').any(|signature| signature == own)
    }
}

/// A receiver of webhooks: answers what it is told to, or freezes.
#[derive(Clone)]
struct Receiver {
    port: u16,
    /// The status of the next answers; 0 never answers.
    status: Arc<Mutex<u16>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    came: Arc<Notify>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            status: Arc::new(Mutex::new(204)),
            taken: Arc::default(),
            came: Arc::default(),
        };
        let this = receiver.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(this.clone().serve(socket));
            }
        });
        receiver
    }

    async fn serve(self, socket: TcpStream) {
        let (read, mut write) = socket.into_split();
        let mut read = BufReader::new(read);
        let mut line = String::new();
        read.read_line(&mut line).await.unwrap();
        assert!(line.starts_with("POST /hook HTTP/1.1"), "{line}");
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            read.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        read.read_exact(&mut body).await.unwrap();
        self.taken.lock().unwrap().push(Taken { headers, body: String::from_utf8(body).unwrap() });
        self.came.notify_one();
        let status = *self.status.lock().unwrap();
        if status == 0 {
            std::future::pending::<()>().await;
        }
        let answer =
            format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nlocation: /other\r\nconnection: close\r\n\r\n");
        write.write_all(answer.as_bytes()).await.unwrap();
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn says(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    fn webhook(&self, kinds: &[&str]) -> Target {
        let kinds: Vec<String> = kinds.iter().map(|k| (*k).to_owned()).collect();
        let kinds = (!kinds.is_empty()).then_some(kinds.as_slice());
        Target::webhook(&self.url(), &[SECRET, NEXT_SECRET], kinds, true).unwrap()
    }
}

fn worker(scene: &Scene, targets: Vec<Target>) -> Stoppable {
    let settings = Settings { targets, ..settings("teller") };
    scene.worker_on(scene.world.db.clone(), settings, None)
}

/// Somebody, and a role to give them.
async fn company(world: World) -> (Scene, IdentityId, Role) {
    let scene = Scene::new(world).await;
    let ann = scene.world.person("Ann Berg", None).await;
    let role = scene.simple_role("vpn").await;
    (scene, ann, role)
}

both_databases! {
    async fn an_event_is_delivered_once_signed_by_every_secret(world: World) {
        let (scene, ann, role) = company(world).await;
        scene.give(scene.world.person("Before Berg", None).await, role).await;
        let receiver = Receiver::start().await;
        let teller = worker(&scene, vec![receiver.webhook(&[])]);
        assert_eq!(teller.worker.tell().await.unwrap(), ToldPass::default(), "what came before isn't told");
        scene.give(ann, role).await;
        assert_eq!(teller.worker.tell().await.unwrap(), ToldPass { sent: 1, ..ToldPass::default() });
        scene.world.advance(TimeDelta::days(1));
        assert_eq!(teller.worker.tell().await.unwrap(), ToldPass::default());

        let taken = receiver.taken();
        assert_eq!(taken.len(), 1);
        let taken = &taken[0];
        assert!(taken.is_signed_by(SECRET) && taken.is_signed_by(NEXT_SECRET), "{taken:?}");
        assert!(!taken.is_signed_by("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBrZXk="), "{taken:?}");
        assert_eq!(taken.header("content-type"), "application/json");
        let said = taken.json();
        assert_eq!(said["type"], "grant_created");
        assert_eq!(said["data"]["fields"]["identity"], ann.to_string());
        assert!(said["data"]["text"].as_str().unwrap().contains("Ann Berg"), "{said}");
        assert!(!taken.body.contains("For the test."), "what people wrote stays in the portal: {said}");
        let link = said["data"]["link"].as_str().unwrap();
        assert!(link.starts_with("https://latchkey.example.test/roles/"), "{link}");
        assert_eq!(scene.world.texts("select state from delivery where sent_at is not null").await, ["sent"]);
    }

    async fn a_receiver_that_fails_is_asked_again_with_the_same_id(world: World) {
        let (scene, ann, role) = company(world).await;
        let receiver = Receiver::start().await;
        let teller = worker(&scene, vec![receiver.webhook(&[])]);
        teller.worker.tell().await.unwrap();
        scene.give(ann, role).await;
        for status in [500, 302, 404] {
            receiver.says(status);
            assert_eq!(teller.worker.tell().await.unwrap().later, 1);
            assert_eq!(teller.worker.tell().await.unwrap(), ToldPass::default(), "not before its time");
            let why = scene.world.texts("select last_error from delivery").await.remove(0);
            assert!(why.starts_with(&format!("The webhook answered {status}")), "{why}");
            scene.world.advance(TimeDelta::minutes(10));
        }
        receiver.says(200);
        assert_eq!(teller.worker.tell().await.unwrap().sent, 1);
        let taken = receiver.taken();
        assert_eq!(taken.len(), 4, "a redirect isn't followed");
        for again in &taken {
            assert_eq!(again.header("webhook-id"), taken[0].header("webhook-id"));
            assert_eq!(again.body, taken[0].body);
            assert!(again.is_signed_by(SECRET));
        }
        assert_ne!(taken[0].header("webhook-timestamp"), taken[3].header("webhook-timestamp"));
    }

    async fn a_delivery_is_given_up_after_three_days_or_when_the_receiver_wants_no_more(world: World) {
        let (scene, ann, role) = company(world).await;
        let receiver = Receiver::start().await;
        let teller = worker(&scene, vec![receiver.webhook(&[])]);
        teller.worker.tell().await.unwrap();
        scene.give(ann, role).await;
        receiver.says(503);
        assert_eq!(teller.worker.tell().await.unwrap().later, 1);
        scene.world.advance(TimeDelta::days(3));
        assert_eq!(teller.worker.tell().await.unwrap().failed, 1);
        let why = scene.world.texts("select last_error from delivery where state = 'failed'").await.remove(0);
        assert!(why.starts_with("Given up after three days: The webhook answered 503"), "{why}");

        receiver.says(410);
        scene.give(scene.world.person("Bo Lind", None).await, role).await;
        assert_eq!(teller.worker.tell().await.unwrap().failed, 1);
        scene.world.advance(TimeDelta::days(3));
        assert_eq!(teller.worker.tell().await.unwrap(), ToldPass::default());
    }

    async fn a_worker_that_dies_before_the_answer_loses_nothing(world: World) {
        let (scene, ann, role) = company(world).await;
        let receiver = Receiver::start().await;
        let dying = worker(&scene, vec![receiver.webhook(&[])]);
        dying.worker.tell().await.unwrap();
        // Nobody works between the change and its delivery.
        scene.give(ann, role).await;
        receiver.says(0);
        let task = tokio::spawn(async move { dying.worker.tell().await });
        receiver.came.notified().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());

        receiver.says(204);
        let other = worker(&scene, vec![receiver.webhook(&[])]);
        assert_eq!(other.worker.tell().await.unwrap(), ToldPass::default(), "the dead worker's lease holds");
        scene.world.advance(TimeDelta::minutes(3));
        assert_eq!(other.worker.tell().await.unwrap().sent, 1);
        let taken = receiver.taken();
        assert_eq!(taken.len(), 2);
        assert_eq!(taken[0].header("webhook-id"), taken[1].header("webhook-id"));
    }

    async fn a_change_and_its_delivery_are_saved_together_or_not_at_all(world: World) {
        let (scene, ann, role) = company(world).await;
        let receiver = Receiver::start().await;
        worker(&scene, vec![receiver.webhook(&[])]).worker.tell().await.unwrap();
        let broken = if scene.world.db.is_postgres() {
            "alter table delivery add constraint never check (attempts > 9)"
        } else {
            "create trigger never before insert on delivery begin select raise(abort, 'never'); end"
        };
        scene.world.run(broken).await;
        let giving = tokio::spawn({
            let scene = scene.clone();
            async move { scene.give(ann, role).await }
        });
        assert!(giving.await.unwrap_err().is_panic(), "the change can't be saved");
        assert_eq!(scene.world.number("select count(*) from role_grant").await, 0);
        assert_eq!(scene.world.events("grant_created").await, 0);
    }

    async fn each_target_hears_what_it_wants_and_one_that_is_gone_is_closed(world: World) {
        let (scene, ann, role) = company(world).await;
        let (hook, chat) = (Receiver::start().await, Receiver::start().await);
        let slack = Target::chat(&chat.url(), ChatFormat::Slack, None, true).unwrap();
        let teller = worker(&scene, vec![hook.webhook(&["grant_ended", "item_decided"]), slack]);
        teller.worker.tell().await.unwrap();
        let grant = scene.give(ann, role).await;
        hook.says(500);
        assert_eq!(teller.worker.tell().await.unwrap().sent, 1);
        scene.end(grant).await;
        assert_eq!(teller.worker.tell().await.unwrap(), ToldPass { sent: 1, later: 1, failed: 0 });
        assert_eq!(hook.taken().len(), 1);
        assert_eq!(hook.taken()[0].json()["type"], "grant_ended");
        assert_eq!(chat.taken().len(), 2);
        let text = chat.taken()[0].json()["text"].as_str().unwrap().to_owned();
        assert!(text.contains("Ann Berg") && text.contains("|Open in the portal>"), "{text}");
        assert!(!chat.taken()[0].headers.contains_key("webhook-signature"));

        // The webhook is taken out of the settings: what still waited for it is closed, and nothing new is written.
        let teams = Target::chat(&chat.url(), ChatFormat::Teams, None, true).unwrap();
        let teller = worker(&scene, vec![teams]);
        teller.worker.tell().await.unwrap();
        let closed = scene.world.texts("select last_error from delivery where state = 'failed'").await;
        assert_eq!(closed, ["This target is not set any more."]);
        scene.give(scene.world.person("Bo Lind", None).await, role).await;
        assert_eq!(teller.worker.tell().await.unwrap().sent, 1);
        assert_eq!(scene.world.number("select count(*) from delivery where target = 'webhook'").await, 1);
        assert_eq!(chat.taken()[2].json()["attachments"][0]["content"]["type"], "AdaptiveCard");

        // Nobody wants to be told: a change writes nothing.
        worker(&scene, vec![]).worker.tell().await.unwrap();
        scene.give(scene.world.person("Cy Moe", None).await, role).await;
        assert_eq!(scene.world.number("select count(*) from delivery where due_at is not null").await, 0);
    }

    async fn a_name_that_leads_inside_is_not_asked(world: World) {
        let (scene, ann, role) = company(world).await;
        let receiver = Receiver::start().await;
        let url = format!("http://localhost:{}/hook", receiver.port);
        let teller = worker(&scene, vec![Target::webhook(&url, &[SECRET], None, false).unwrap()]);
        teller.worker.tell().await.unwrap();
        scene.give(ann, role).await;
        assert_eq!(teller.worker.tell().await.unwrap().later, 1);
        assert!(receiver.taken().is_empty());
        let why = scene.world.texts("select last_error from delivery").await.remove(0);
        assert!(why.contains("allow_private"), "{why}");
    }
}
