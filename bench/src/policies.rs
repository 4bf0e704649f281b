//! How many evaluations of a policy one core does in a second.

use std::{hint::black_box, time::Instant};

use anyhow::{Context, Result};
use latchkey_policy::{Facts, PolicySnapshot, Seen, may_ask, route};

/// How many evaluations a figure is made of.
const TIMES: u32 = 200_000;

/// Three rules and a condition on who may ask; no rule holds, so that all are looked at.
const POLICY: &str = r#"{"schema":2,"policy":{"key":"p","name":"P","description":"d",
 "may_ask":{"when":"person.department != \"Temps\"","advice":"a"},
 "rules":[
  {"name":"a","when":"person.title == \"Intern\"","then":{"refuse":"no"}},
  {"name":"b","when":"request.hours <= 24 && !request.first_time","then":"approve"},
  {"name":"c","when":"role.risk in [\"high\",\"critical\"]","then":{"stages":[{"approvers":"security"}]}}],
 "stages":[{"approvers":"manager","fallback":"owner"}],"max_duration":"90d","default_duration":"30d","offer":["30d"],
 "who":["employee"],"reason":"required","undecided_after":"14d"}}"#;

/// The figures as lines: of one condition, of a whole policy, and of a whole policy for a person seen for the first time.
pub fn measure() -> Result<Vec<(&'static str, f64)>> {
    let policy = PolicySnapshot::from_json(POLICY).context("the measured policy")?;
    let mut facts = Facts::default();
    facts.person.department = "Finance".to_owned();
    facts.person.title = "Clerk".to_owned();
    facts.person.groups = vec!["controllers".to_owned(), "budget".to_owned()];
    facts.role.risk = "low".to_owned();
    facts.request.hours = 24 * 30;
    let seen = Seen::new(&facts);
    let condition = &policy.policy.rules.first().context("a rule")?.when;
    Ok(vec![
        ("conditions a second", each(|| condition.holds(black_box(&seen)).is_ok())),
        (
            "policies a second (who may ask, and which way)",
            each(|| may_ask(black_box(&policy), &seen).is_ok() && route(&policy, &seen).is_ok()),
        ),
        (
            "policies a second, each for another person",
            each(|| {
                let seen = Seen::new(black_box(&facts));
                may_ask(&policy, &seen).is_ok() && route(&policy, &seen).is_ok()
            }),
        ),
    ])
}

fn each(mut what: impl FnMut() -> bool) -> f64 {
    let began = Instant::now();
    let done = (0..TIMES).filter(|_| what()).count();
    f64::from(u32::try_from(done).unwrap_or(0)) / began.elapsed().as_secs_f64()
}
