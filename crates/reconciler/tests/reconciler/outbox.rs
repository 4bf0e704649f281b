//! Notices, on their way to a small mail server of the tests' own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use latchkey_domain::{IdentityId, NoticeId, id::new_uuid, identity::Status};
use latchkey_reconciler::{Mailer, SmtpMailer, SmtpSettings, SmtpTls};
use latchkey_service::{
    notice_preferences,
    notices::{
        digest,
        kinds::{Choice, Group},
    },
};
use latchkey_store::notices::{self, NewNotice};
use latchkey_testkit::{World, both_databases, testing};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::scene::{Scene, Stoppable, settings};

/// A mail server that says what it is told to say to MAIL, and keeps what it takes.
#[derive(Clone)]
struct MailServer {
    port: u16,
    answer: Arc<Mutex<&'static str>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            answer: Arc::new(Mutex::new("250 ok")),
            taken: Arc::default(),
        };
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(this.clone().serve(socket));
            }
        });
        server
    }

    async fn serve(self, socket: tokio::net::TcpStream) {
        let (read, mut write) = socket.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.example.test\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let answer = match word.as_str() {
                "EHLO" => "250 mail.example.test",
                "MAIL" => *self.answer.lock().unwrap(),
                "RCPT" | "RSET" | "NOOP" => "250 ok",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.unwrap();
                    let mut message = line.clone();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        message.push('\n');
                        message.push_str(&line);
                    }
                    self.taken.lock().unwrap().push(message);
                    "250 taken"
                }
                "QUIT" => "221 bye",
                _ => "500 what",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
    }

    fn mailer(&self) -> Arc<dyn Mailer> {
        let settings = SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            tls: SmtpTls::None,
            credentials: None,
            from: "Latchkey <latchkey@example.test>".to_owned(),
            timeout: Duration::from_secs(5),
        };
        Arc::new(SmtpMailer::new(settings).unwrap())
    }

    fn says(&self, answer: &'static str) {
        *self.answer.lock().unwrap() = answer;
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

async fn queue(world: &World, recipient: IdentityId, kind: &'static str, subject: &str) {
    let mut tx = world.tx().await;
    let notice = NewNotice {
        id: NoticeId::new(tx.now()),
        recipient,
        kind,
        about: new_uuid(tx.now()),
        subject: subject.to_owned(),
        body: format!("Look here:\n{}/requests/1\n", latchkey_service::notices::BASE),
    };
    assert!(notices::queue(&mut tx, &notice).await.unwrap());
    assert!(!notices::queue(&mut tx, &notice).await.unwrap(), "the same thing isn't told twice");
    tx.commit_bookkeeping().await.unwrap();
}

async fn chooses(world: &World, who: IdentityId, wishes: &[(Group, Choice)]) {
    let wishes = wishes.iter().copied().collect();
    let n = notice_preferences::choose(&world.db, world.clock.as_ref(), &world.actor(who), &wishes).await.unwrap();
    assert_eq!(n, wishes.len());
}

fn worker(scene: &Scene, mailer: Option<Arc<dyn Mailer>>) -> Stoppable {
    scene.worker_on(scene.world.db.clone(), settings("post"), mailer)
}

both_databases! {
    async fn a_notice_is_sent_once_as_text_and_html_with_a_link(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Zoë Åberg", None).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready\r\nBcc: all@example.test").await;
        let server = MailServer::start().await;
        let post = worker(&scene, Some(server.mailer()));
        assert_eq!(post.worker.send_notices().await.unwrap().sent, 1);
        scene.world.advance(TimeDelta::days(1));
        assert_eq!(post.worker.send_notices().await.unwrap().sent, 0);

        let taken = server.taken();
        assert_eq!(taken.len(), 1);
        let message = &taken[0];
        assert!(message.contains("From: Latchkey <latchkey@example.test>") || message.contains("From: \"Latchkey\""), "{message}");
        assert!(message.contains("Subject: Payroll is ready Bcc: all@example.test"), "{message}");
        assert!(!message.contains("\nBcc:"), "{message}");
        assert!(message.contains("Content-Type: multipart/alternative;"), "{message}");
        assert!(message.contains("Content-Type: text/plain; charset=utf-8"), "{message}");
        assert!(message.contains("Content-Type: text/html; charset=utf-8"), "{message}");
        assert!(message.contains("Auto-Submitted: auto-generated"), "{message}");
        assert!(message.contains("https://latchkey.example.test/requests/1"), "{message}");
        let id = scene.world.texts("select state from notice where sent_at is not null").await;
        assert_eq!(id, ["sent"]);
    }

    async fn a_mail_server_that_is_busy_is_asked_again_and_given_up_after_three_days(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready").await;
        let server = MailServer::start().await;
        server.says("451 try later");
        let post = worker(&scene, Some(server.mailer()));
        assert_eq!(post.worker.send_notices().await.unwrap().later, 1);
        assert_eq!(post.worker.send_notices().await.unwrap().later, 0, "not before its time");
        let why = scene.world.texts("select last_error from notice").await.remove(0);
        assert!(why.contains("try later"), "{why}");
        scene.world.advance(TimeDelta::minutes(1));
        assert_eq!(post.worker.send_notices().await.unwrap().later, 1);
        scene.world.advance(TimeDelta::days(3));
        assert_eq!(post.worker.send_notices().await.unwrap().failed, 1);
        let why = scene.world.texts("select last_error from notice where state = 'failed'").await.remove(0);
        assert!(why.starts_with("Given up after three days:"), "{why}");
        scene.world.advance(TimeDelta::days(3));
        server.says("250 ok");
        assert_eq!(post.worker.send_notices().await.unwrap(), latchkey_reconciler::OutboxPass::default());
        assert!(server.taken().is_empty());
    }

    async fn what_a_mail_server_refuses_for_good_is_not_tried_again(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready").await;
        let server = MailServer::start().await;
        server.says("550 no such user");
        let post = worker(&scene, Some(server.mailer()));
        assert_eq!(post.worker.send_notices().await.unwrap().failed, 1);
        let why = scene.world.texts("select last_error from notice where state = 'failed'").await.remove(0);
        assert!(why.contains("no such user"), "{why}");
    }

    async fn without_a_mail_server_or_an_address_notices_are_kept(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready").await;
        assert_eq!(worker(&scene, None).worker.send_notices().await.unwrap().kept, 1);

        let mut gone = scene.world.person_spec("Gone Gunn", None);
        gone.status = Status::Terminated;
        let gone = scene.world.person_with(&gone).await;
        queue(&scene.world, gone, "ended", "Payroll has ended").await;
        let server = MailServer::start().await;
        assert_eq!(worker(&scene, Some(server.mailer())).worker.send_notices().await.unwrap().kept, 1);
        assert!(server.taken().is_empty());
        let log = notices::log(&mut scene.world.db.read().await.unwrap(), None, 10).await.unwrap();
        let mut why: Vec<_> = log.iter().map(|n| (n.state.as_str(), n.last_error.as_str())).collect();
        why.sort_unstable();
        assert_eq!(why, [("kept", "Its recipient has left."), ("kept", "No mail server is set: the notice can be read here.")]);
    }

    async fn whoever_leaves_between_the_notice_and_its_sending_is_not_told(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready").await;
        let server = MailServer::start().await;
        let post = worker(&scene, Some(server.mailer()));
        server.says("451 try later");
        assert_eq!(post.worker.send_notices().await.unwrap().later, 1);
        let mut tx = scene.world.tx().await;
        testing::set_status(&mut tx, ann, Status::Terminated).await.unwrap();
        tx.commit_bookkeeping().await.unwrap();
        server.says("250 ok");
        scene.world.advance(TimeDelta::minutes(1));
        let pass = post.worker.send_notices().await.unwrap();
        assert_eq!((pass.sent, pass.kept), (0, 1));
        assert!(server.taken().is_empty());
        assert_eq!(scene.world.texts("select last_error from notice where state = 'kept'").await, ["Its recipient has left."]);
        assert_eq!(scene.world.number("select count(*) from notice where due_at is not null").await, 0);
    }

    /// One mail a day for those who want that, with both forms and the links of what it is about.
    async fn a_digest_is_one_mail_at_eight_on_a_working_day(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        chooses(&scene.world, ann, &[(Group::Access, Choice::Digest), (Group::Messages, Choice::Off)]).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready").await;
        queue(&scene.world, ann, "ended", "Ledger is <gone>").await;
        queue(&scene.world, ann, "message", "Bo wrote about Payroll").await;
        queue(&scene.world, ann, "held_back", "Payments are held back").await;
        let server = MailServer::start().await;
        let post = worker(&scene, Some(server.mailer()));
        let pass = post.worker.send_notices().await.unwrap();
        assert_eq!((pass.sent, pass.waiting, pass.kept), (1, 2, 1), "what keeps her safe comes at once");
        assert_eq!(post.worker.put_digests_together().await.unwrap(), 0, "not before its time");
        let next = digest::next(scene.world.now(), None, "UTC");
        scene.world.advance(next - scene.world.now());
        assert_eq!(post.worker.put_digests_together().await.unwrap(), 1);
        // A crash comes here: another worker goes on where the first one was.
        drop(post);
        let second = worker(&scene, Some(server.mailer()));
        assert_eq!(second.worker.put_digests_together().await.unwrap(), 0);
        server.says("451 try later");
        assert_eq!(second.worker.send_notices().await.unwrap().later, 1);
        server.says("250 ok");
        scene.world.advance(TimeDelta::minutes(1));
        assert_eq!(second.worker.send_notices().await.unwrap().sent, 1);
        scene.world.advance(TimeDelta::days(5));
        assert_eq!(second.worker.put_digests_together().await.unwrap(), 0);
        assert_eq!(second.worker.send_notices().await.unwrap(), latchkey_reconciler::OutboxPass::default());

        let taken = server.taken();
        assert_eq!(taken.len(), 2);
        // Long lines of the HTML go on in the next one.
        let message = &taken[1].replace("=\n", "");
        assert!(message.contains("Subject: Your digest: 2 notices"), "{message}");
        assert!(message.contains("- Payroll is ready: https://latchkey.example.test/requests/1"), "{message}");
        assert!(message.contains("<a href=3D\"https://latchkey.example.test/requests/1\">Payroll is ready</a>"), "{message}");
        assert!(message.contains("Ledger is &lt;gone&gt;"), "{message}");
        assert!(message.contains("https://latchkey.example.test/notices"), "{message}");
        assert!(!message.contains("Bo wrote") && !message.contains("held back"), "{message}");
        assert_eq!(scene.world.texts("select last_error from notice where state = 'kept'").await, ["Its recipient chose not to be told of this by e-mail."]);
    }

    /// Whoever leaves between the digest and its sending isn't told.
    async fn a_digest_for_whoever_left_is_not_sent(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        chooses(&scene.world, ann, &[(Group::Access, Choice::Digest)]).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready").await;
        let server = MailServer::start().await;
        let post = worker(&scene, Some(server.mailer()));
        assert_eq!(post.worker.send_notices().await.unwrap().waiting, 1);
        let next = digest::next(scene.world.now(), None, "UTC");
        scene.world.advance(next - scene.world.now());
        assert_eq!(post.worker.put_digests_together().await.unwrap(), 1);
        let mut tx = scene.world.tx().await;
        testing::set_status(&mut tx, ann, Status::Terminated).await.unwrap();
        tx.commit_bookkeeping().await.unwrap();
        assert_eq!(post.worker.send_notices().await.unwrap().kept, 1);
        assert!(server.taken().is_empty());
    }

    async fn a_mail_server_that_is_not_there_costs_nothing(world: World) {
        let scene = Scene::new(world).await;
        let ann = scene.world.person("Ann Berg", None).await;
        queue(&scene.world, ann, "confirmed", "Payroll is ready").await;
        let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port();
        let nowhere = MailServer { port: free, answer: Arc::new(Mutex::new("")), taken: Arc::default() };
        assert_eq!(worker(&scene, Some(nowhere.mailer())).worker.send_notices().await.unwrap().later, 1);
    }
}
