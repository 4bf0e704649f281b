//! `latchkey connector test`

use std::path::PathBuf;

use latchkey_connectors::{
    EntitlementRef,
    conformance::{self, Subject, Verdict},
    program::ProgramSettings,
};

use super::{Failure, args::ConnectorTestArgs};

/// Tests whether a program keeps to the protocol, and prints each rule as passed or failed.
///
/// # Errors
/// When it can't be tested, or breaks a rule.
pub async fn test(args: ConnectorTestArgs) -> Result<(), Failure> {
    let [first, second] = args.group.as_slice() else {
        return Err(Failure::new("Name two entitlements that exist on the target: --group ONE --group ANOTHER."));
    };
    if first == second {
        return Err(Failure::new("The two entitlements are the same. Name two: --group ONE --group ANOTHER."));
    }
    let entitlements = [first, second].map(|native| EntitlementRef::new(args.kind, native.as_str()));
    let subject = Subject { settings: settings(&args)?, entitlements, tag: tag(), only: args.rule };
    println!("Testing {}; accounts begin with {}.", subject.settings.command.join(" "), subject.tag);
    let verdicts = conformance::test(&subject, print).await;
    let verdicts = verdicts.map_err(|error| Failure::new(format!("The program can't be tested: {error}.")))?;
    let broken = verdicts.iter().filter(|verdict| verdict.broken.is_some()).count();
    match (verdicts.len(), broken) {
        (0, _) => Err(Failure::new("There is no rule of that name. Without --rule all are tested and shown.")),
        (1, 1) if subject.only.is_none() => {
            Err(Failure::new("The program can't be greeted and checked, so the other rules were not tested."))
        }
        (all, 0) => {
            println!("The program keeps {all} of {all} rules.");
            Ok(())
        }
        (all, broken) => Err(Failure::new(format!("The program keeps {} of {all} rules.", all - broken))),
    }
}

fn print(verdict: &Verdict) {
    match &verdict.broken {
        None => println!("passed  {:<20} {}", verdict.rule, verdict.says),
        Some(how) => println!("FAILED  {:<20} {}\n        {how}", verdict.rule, verdict.says),
    }
}

fn settings(args: &ConnectorTestArgs) -> Result<ProgramSettings, Failure> {
    let mut command = args.program.clone();
    if let Some(program) = command.first_mut() {
        // A connection needs the absolute path; at a terminal one types it from here.
        let path = std::path::absolute(PathBuf::from(program.as_str()));
        let path = path.map_err(|error| Failure::new(format!("The program's path can't be used: {error}.")))?;
        *program = path.display().to_string();
    }
    let mut settings = ProgramSettings::new(command);
    settings.env.clone_from(&args.env);
    settings.timeout_seconds = args.timeout;
    for secret in &args.secret {
        let (name, file) = secret.split_once('=').ok_or_else(|| {
            Failure::new(format!(
                "--secret {secret} is not NAME=FILE: the name of a secret and the file that holds it."
            ))
        })?;
        settings.secrets.insert(format!("{name}_file"), file.to_owned());
    }
    Ok(settings)
}

/// Another for each run.
fn tag() -> String {
    format!("latchkey-test-{:06x}", rand::random::<u32>() & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(program: &[&str], secret: &[&str]) -> ConnectorTestArgs {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        ConnectorTestArgs {
            group: owned(&["one", "two"]),
            kind: latchkey_connectors::EntitlementKind::Group,
            secret: owned(secret),
            env: Vec::new(),
            timeout: 10,
            rule: None,
            program: owned(program),
        }
    }

    #[test]
    fn what_is_typed_becomes_a_connection() {
        let settings = settings(&args(&["./thing.py", "--flag"], &["token=/etc/thing"])).unwrap();
        assert!(settings.command[0].starts_with('/') && settings.command[0].ends_with("thing.py"));
        assert_eq!(settings.command[1], "--flag");
        assert_eq!(settings.secrets.get("token_file").map(String::as_str), Some("/etc/thing"));
        assert!(super::settings(&args(&["/x"], &["token"])).unwrap_err().to_string().contains("NAME=FILE"));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_fails() {
        let words = test(args(&["/no/such/program"], &[])).await.unwrap_err().to_string();
        assert!(words.contains("can't be greeted"), "{words}");
        let mut one = args(&["/no/such/program"], &[]);
        one.group.pop();
        assert!(test(one).await.unwrap_err().to_string().contains("two entitlements"));
        let mut unknown = args(&["/no/such/program"], &[]);
        unknown.rule = Some("no-such-rule".to_owned());
        assert!(test(unknown).await.unwrap_err().to_string().contains("no rule"));
    }
}
