use super::*;

const WHOLE: &str = r#"
database_url = "sqlite:/var/lib/latchkey/latchkey.db"
public_url = "https://latchkey.example.com"
listen = "0.0.0.0:8080"
event_key_env = "LATCHKEY_MY_KEY"
trusted_proxies = ["10.0.0.0/8"]

[company]
name = "Example"
time_zone = "Europe/Berlin"

[oidc]
issuer = "https://login.example.com/realms/staff"
client_id = "latchkey"
bind = { claim = "oid", attribute = "external_id" }
mfa = [{ claim = "amr", values = ["mfa", "otp"] }]
step_up = { acr_values = ["urn:example:mfa"] }
max_age = "8h"

[session]
idle = "30m"

[connection.directory]
kind = "ldap"
url = "ldaps://ldap.example.com"
password_env = "LATCHKEY_DIRECTORY_PASSWORD"
"#;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

const KEY: (&str, &str) = ("LATCHKEY_MY_KEY", "0123456789abcdef0123456789abcdef");

fn parse(text: &str, pairs: &[(&str, &str)]) -> Result<Settings, String> {
    let source = Some((PathBuf::from("latchkey.toml"), text));
    Settings::parse(Purpose::Serve, source, variables(pairs)).map_err(|error| error.to_string())
}

#[test]
fn a_whole_file_is_read() {
    let settings = parse(WHOLE, &[KEY, ("LATCHKEY_DIRECTORY_PASSWORD", "hush")]).unwrap();
    assert_eq!(settings.database_url.expose(), "sqlite:/var/lib/latchkey/latchkey.db");
    assert_eq!(settings.company.time_zone, chrono_tz::Europe::Berlin);
    assert_eq!(settings.session.idle, TimeDelta::minutes(30));
    assert_eq!(settings.session.absolute, TimeDelta::hours(12));
    let oidc = settings.oidc.unwrap();
    assert_eq!(oidc.bind.claim, "oid");
    assert_eq!(oidc.mfa.first().unwrap().values, ["mfa", "otp"]);
    assert_eq!(oidc.step_up, StepUp::AcrValues(vec!["urn:example:mfa".to_owned()]));
    assert_eq!(oidc.scopes, ["openid", "profile", "email"]);
    assert_eq!(settings.connections["directory"]["kind"].as_str(), Some("ldap"));
}

#[test]
fn variables_win_over_the_file() {
    let settings = parse(
        WHOLE,
        &[
            KEY,
            ("LATCHKEY_OIDC__ISSUER", "http://localhost:9000"),
            ("LATCHKEY_OIDC__MFA", r#"[{ claim = "acr", values = ["2"] }]"#),
            ("LATCHKEY_OIDC__SCOPES", "openid groups"),
            ("LATCHKEY_OIDC__EMAIL_BINDING", "true"),
            ("LATCHKEY_OIDC__CLIENT_SECRET", "from the environment"),
            ("LATCHKEY_CONNECTION__HR_DATA__URL", "postgres://hr"),
            ("LATCHKEY_TEST_POSTGRES_URL", "postgres://not-a-setting"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    let oidc = settings.oidc.unwrap();
    assert_eq!(oidc.issuer, "http://localhost:9000");
    assert_eq!(oidc.mfa, [EvidenceRule { claim: "acr".to_owned(), values: vec!["2".to_owned()] }]);
    assert_eq!(oidc.scopes, ["openid", "groups"]);
    assert!(oidc.email_binding);
    assert_eq!(oidc.client_secret.unwrap().expose(), "from the environment");
    assert_eq!(settings.connections["hr-data"]["url"].as_str(), Some("postgres://hr"));
}

#[test]
fn everything_wrong_is_named_at_once_with_its_place() {
    let text = WHOLE
        .replace("issuer = \"https", "isuer = \"https")
        .replace("idle = \"30m\"", "idle = \"30 minutes\"")
        .replace("time_zone = \"Europe/Berlin\"", "time_zone = 7");
    let words = parse(&text, &[KEY, ("LATCHKEY_LISTEN", "8080"), ("LATCHKEY_PUBLIC_URLS", "x")]).unwrap_err();
    for expected in [
        "6 settings stop the start.",
        "oidc.issuer (latchkey.toml:12): this is not set. Expected the provider's address, such as \"https://login.example.com\". It can also be set as LATCHKEY_OIDC__ISSUER",
        "oidc.isuer (latchkey.toml:13): there is no such setting. Did you mean oidc.issuer",
        "session.idle (latchkey.toml:21): found \"30 minutes\", expected a number with s, m, h or d, such as \"30m\"",
        "company.time_zone (latchkey.toml:10): found a number, expected a time zone, such as \"Europe/Berlin\"",
        "listen (variable LATCHKEY_LISTEN): found \"8080\", expected an address and a port, such as \"127.0.0.1:7400\"",
        "public_urls (variable LATCHKEY_PUBLIC_URLS): there is no such setting. Did you mean public_url",
    ] {
        assert!(words.contains(expected), "{expected}\nis not in\n{words}");
    }
}

#[test]
fn a_file_that_is_not_toml_is_named_with_its_line() {
    let words = parse("database_url = \"sqlite:x\"\nlisten = = 3\n", &[]).unwrap_err();
    assert!(words.contains("latchkey.toml:2: this line cannot be read"), "{words}");
}

#[test]
fn missing_values_say_what_is_expected() {
    let words = Settings::parse(Purpose::Serve, None, BTreeMap::new()).unwrap_err().to_string();
    for setting in ["database_url", "public_url", "event_key_file", "oidc"] {
        assert!(words.contains(&format!("\n  {setting}: this is not set. Expected ")), "{setting}\n{words}");
    }
    let words =
        parse(&WHOLE.replace("mfa = [{ claim = \"amr\", values = [\"mfa\", \"otp\"] }]", ""), &[KEY]).unwrap_err();
    assert!(words.contains("oidc.mfa (latchkey.toml:12): this is not set. Expected a list of what proves"), "{words}");
}

#[test]
fn commands_on_the_data_need_neither_sign_in_nor_an_address() {
    let pairs = [("LATCHKEY_DATABASE_URL", "sqlite:x.db"), ("LATCHKEY_EVENT_KEY", KEY.1)];
    Settings::parse(Purpose::Data, None, variables(&pairs)).unwrap();
}

#[test]
fn secrets_come_from_files_or_variables_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "0123456789abcdef0123456789abcdef\n").unwrap();
    std::fs::write(folder.path().join("oidc"), "planted-secret-1\n").unwrap();
    let text = WHOLE
        .replace("event_key_env = \"LATCHKEY_MY_KEY\"", "event_key_file = \"key\"")
        .replace("client_id = \"latchkey\"", "client_id = \"latchkey\"\nclient_secret_file = \"oidc\"");
    let source = Some((folder.path().join("latchkey.toml"), text.as_str()));
    let settings = Settings::parse(Purpose::Serve, source, BTreeMap::new()).unwrap();
    assert_eq!(settings.oidc.as_ref().unwrap().client_secret.as_ref().unwrap().expose(), "planted-secret-1");
    assert_eq!(settings.event_key.expose(), "0123456789abcdef0123456789abcdef");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("planted-secret-1") && !shown.contains("0123456789abcdef"), "{shown}");
}

#[test]
fn a_secret_in_the_settings_file_is_refused_without_showing_it() {
    let text =
        WHOLE.replace("client_id = \"latchkey\"", "client_id = \"latchkey\"\nclient_secret = \"planted-secret-2\"");
    let words = parse(&text, &[KEY]).unwrap_err();
    assert!(words.contains("oidc.client_secret (latchkey.toml:15): a secret does not belong"), "{words}");
    assert!(!words.contains("planted-secret-2"));
    let words = parse(WHOLE, &[KEY, ("LATCHKEY_DATABASE_URL", "mysql://u:planted-secret-3@h/d")]).unwrap_err();
    assert!(words.contains("database_url (variable LATCHKEY_DATABASE_URL): expected an address"), "{words}");
    assert!(!words.contains("planted-secret-3"));
    let words = parse(WHOLE, &[("LATCHKEY_MY_KEY", "planted-4")]).unwrap_err();
    assert!(words.contains("this key is too short") && !words.contains("planted-4"), "{words}");
}

#[test]
fn a_secret_is_set_once() {
    let text = WHOLE.replace(
        "client_id = \"latchkey\"",
        "client_id = \"latchkey\"\nclient_secret_file = \"a\"\nclient_secret_env = \"LATCHKEY_MY_KEY\"",
    );
    let words = parse(&text, &[KEY]).unwrap_err();
    assert!(words.contains("oidc.client_secret (latchkey.toml:15): this is set more than once"), "{words}");
}

#[test]
fn a_lease_is_neither_too_short_nor_too_long() {
    let lease = |text: &str| {
        let whole = format!("{WHOLE}\n[worker]\nlease = \"{text}\"\n");
        parse(&whole, &[KEY, ("LATCHKEY_DIRECTORY_PASSWORD", "hush")]).map(|settings| settings.worker.lease)
    };
    assert_eq!(lease("10s"), Ok(TimeDelta::seconds(10)));
    assert_eq!(lease("10m"), Ok(TimeDelta::minutes(10)));
    for wrong in ["9s", "11m", "soon"] {
        let words = lease(wrong).unwrap_err();
        assert!(words.contains("worker.lease") && words.contains("\"10s\" to \"10m\""), "{words}");
    }
    let settings = parse(WHOLE, &[KEY, ("LATCHKEY_DIRECTORY_PASSWORD", "hush")]).unwrap();
    assert_eq!(settings.worker.lease, TimeDelta::seconds(60));
}

const SECRETS: (&str, &str) =
    ("HOOK_SECRETS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

#[test]
fn who_is_told_of_events_is_read_and_hides_its_secrets() {
    let text = format!(
        "{WHOLE}\n[webhook]\nurl = \"https://hooks.example.com/x\"\nsecrets_env = \"HOOK_SECRETS\"\nkinds = [\"item_decided\"]\n\
         [chat]\nurl_env = \"CHAT_URL\"\nformat = \"teams\"\n"
    );
    let chat = ("CHAT_URL", "https://chat.example.com/T0/HUSH");
    let settings = parse(&text, &[KEY, ("LATCHKEY_DIRECTORY_PASSWORD", "hush"), SECRETS, chat]).unwrap();
    assert!(!format!("{settings:?}").contains("HUSH") && !format!("{settings:?}").contains("whsec_"));
    let hook = settings.webhook.unwrap();
    assert_eq!(hook.url.expose(), "https://hooks.example.com/x");
    assert_eq!(hook.secrets.expose().split_whitespace().count(), 2);
    assert_eq!(hook.kinds, Some(vec!["item_decided".to_owned()]));
    assert!(!hook.allow_private);
    let chat = settings.chat.unwrap();
    assert_eq!((chat.url.expose(), chat.format), ("https://chat.example.com/T0/HUSH", ChatFormat::Teams));
    assert_eq!(chat.kinds, None);
}

#[test]
fn who_is_told_of_events_may_come_from_variables_alone() {
    let pairs = [
        KEY,
        ("LATCHKEY_DIRECTORY_PASSWORD", "hush"),
        ("LATCHKEY_WEBHOOK__URL", "https://hooks.example.com/x"),
        ("LATCHKEY_WEBHOOK__SECRETS", SECRETS.1),
        ("LATCHKEY_WEBHOOK__ALLOW_PRIVATE", "true"),
        ("LATCHKEY_CHAT__URL", "https://chat.example.com/T0/HUSH"),
        ("LATCHKEY_CHAT__FORMAT", "slack"),
    ];
    let settings = parse(WHOLE, &pairs).unwrap();
    let hook = settings.webhook.unwrap();
    assert!(hook.allow_private && hook.kinds.is_none());
    assert_eq!(settings.chat.unwrap().format, ChatFormat::Slack);
}

#[test]
fn a_secret_of_whoever_is_told_does_not_belong_in_the_file() {
    let text = format!(
        "{WHOLE}\n[webhook]\nurl = \"https://h.example.com\"\nsecrets = \"whsec_HUSH\"\n[chat]\nurl = \"https://c.example.com/HUSH\"\nformat = \"irc\"\n"
    );
    let words = parse(&text, &[KEY, ("LATCHKEY_DIRECTORY_PASSWORD", "hush")]).unwrap_err();
    for setting in ["webhook.secrets", "chat.url", "chat.format"] {
        assert!(words.contains(setting), "{setting}: {words}");
    }
    assert!(!words.contains("HUSH"), "{words}");
}

#[test]
fn what_whoever_is_told_needs_is_named_when_missing() {
    let text = format!("{WHOLE}\n[webhook]\n[chat]\n");
    let words = parse(&text, &[KEY, ("LATCHKEY_DIRECTORY_PASSWORD", "hush")]).unwrap_err();
    for setting in ["webhook.url", "webhook.secrets_file", "chat.url_file", "chat.format"] {
        assert!(words.contains(setting), "{setting}: {words}");
    }
}
