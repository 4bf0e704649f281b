//! A shift began, or somebody works on a ticket: the roles of the rules that fit are opened.

use latchkey_domain::{
    CallInId, GrantId, IdentityId, Instant, RoleId,
    clock::Clock,
    event::{EventBody, NewEvent},
    grant::{GrantKind, GrantOrigin, GrantState},
};
use latchkey_policy::{RefusalCode, RoleFacts, Seen, Span, Wish, check_request};
use latchkey_store::{
    Db, Tx,
    call_ins::{self as store, OpenedRow, SourceRow},
    catalog::roles,
    grants::{self, NewGrant},
    identities, pieces,
};
use serde_json::{Value, json};

use super::{
    notices::{self, Opened},
    receive::{Answer, No, Outcome, Taken, again, heard, keep},
    source::{Source, SourceRule},
};
use crate::{
    ServiceError, ServiceResult,
    facts::{self, Beneficiary, RoleToday},
    justify, separation, way,
};

/// The most grants of one reference and person that are looked at: one for each role of a source.
const MANY: i64 = 500;

/// Opens what the source's rules of this moment say, by the policies of this moment, under the holder's lock.
pub(super) async fn open(db: &Db, clock: &dyn Clock, taken: &Taken<'_>, who: IdentityId) -> ServiceResult<Answer> {
    let mut tx = db.begin(clock.now()).await?;
    identities::lock(&mut tx, &[who]).await.map_err(ServiceError::not_found)?;
    tx.now_is(clock.now());
    let now = tx.now();
    let (row, source) = again(&mut tx, taken).await?;
    let mut events = heard(&mut tx, taken, &row).await?;
    let id = CallInId::new(now);
    let mut opening = Opening { taken, row: &row, who, done: Vec::new(), refused: Vec::new(), events: Vec::new() };
    match asked_for(taken, &source, now) {
        Ok(wanted) => opening.all(&mut tx, &wanted).await?,
        Err(no) => opening.refused.push((String::new(), no)),
    }
    let opened = opening.done.iter().filter(|one| one.new).count();
    let Opening { done, refused, events: own, .. } = opening;
    let answer = answer(taken, &done, &refused);
    let word = match (opened, done.is_empty()) {
        (0, true) => "refused",
        (0, false) => "nothing",
        _ => "opened",
    };
    // The call comes first: what it opened names it.
    let outcome = Outcome { identity: Some(who), word, grants: opened, answer };
    keep(&mut tx, id, taken, &row, &outcome).await?;
    let reference = taken.body.reference_kept();
    for one in done.iter().filter(|one| one.new) {
        store::note_grant(&mut tx, one.grant, row.id(), id, &reference).await?;
    }
    if !done.is_empty() {
        let (roles, grants) = done.iter().filter(|one| one.new).map(|one| (one.role, one.grant)).unzip();
        let body = EventBody::CallInOpened { source: row.key.clone(), identity: who, roles, grants };
        events.push(NewEvent::new(taken.actor.clone(), body).text("piece", taken.body.reference.clone()));
    }
    events.extend(refused.iter().map(|(_, no)| no.event(&taken.actor, &row.key, Some(who))));
    events.extend(own);
    if opened > 0 {
        events.extend(justify::settle(&mut tx, who, &taken.actor).await?);
    }
    tx.commit(events).await?;
    Ok(outcome.answer)
}

/// The keys of the roles that a call asks for, each with the rules that open it, in the order of the file.
fn asked_for<'s>(
    taken: &Taken<'_>,
    source: &'s Source,
    now: Instant,
) -> Result<Vec<(&'s str, Vec<&'s SourceRule>)>, No> {
    let body = &taken.body;
    if body.until.is_some_and(|until| until <= now) {
        return Err(No::new(
            "until_past",
            "until has passed already.",
            "Nothing was opened. Send the end that is to come.",
        ));
    }
    let mut wanted: Vec<(&str, Vec<&SourceRule>)> = Vec::new();
    for rule in source.rules.iter().filter(|rule| rule.fits(&body.reference)) {
        for role in rule.roles.iter().filter(|role| body.role.as_ref().is_none_or(|only| only == *role)) {
            match wanted.iter_mut().find(|(key, _)| key == role) {
                Some((_, rules)) => rules.push(rule),
                None => wanted.push((role, vec![rule])),
            }
        }
    }
    if wanted.is_empty() {
        return Err(No::new(
            "no_rule",
            "No rule of the source fits this reference and role.",
            "An administrator can see the source's rules under Administration, Sources; they stand in sources.toml.",
        ));
    }
    Ok(wanted)
}

/// A role that is open now.
struct Open {
    key: String,
    role: RoleId,
    grant: GrantId,
    until: Option<Instant>,
    new: bool,
}

struct Opening<'a> {
    taken: &'a Taken<'a>,
    row: &'a SourceRow,
    who: IdentityId,
    done: Vec<Open>,
    refused: Vec<(String, No)>,
    events: Vec<NewEvent>,
}

impl Opening<'_> {
    async fn all(&mut self, tx: &mut Tx, wanted: &[(&str, Vec<&SourceRule>)]) -> ServiceResult<()> {
        let person = facts::beneficiary(tx, self.who).await?;
        let reference = self.taken.body.reference_kept();
        let there = store::opened_by(tx, self.row.id(), &reference, Some(self.who), MANY).await?;
        for (key, rules) in wanted {
            // The files can't name a role that they don't have.
            let Some(role) = roles::by_key(tx, key).await? else { continue };
            let role = facts::role_today(tx, RoleId(role.role_id)).await?;
            match self.one(tx, &person, &role, rules, &there).await? {
                Ok(open) => self.done.push(open),
                Err(no) => self.refused.push(((*key).to_owned(), No { role: Some(role.id), ..no })),
            }
        }
        Ok(())
    }

    async fn one(
        &mut self,
        tx: &mut Tx,
        person: &Beneficiary,
        role: &RoleToday,
        rules: &[&SourceRule],
        there: &[OpenedRow],
    ) -> ServiceResult<Result<Open, No>> {
        let key = role.key.clone();
        if let Some(one) = there.iter().find(|one| one.role_id == role.id.0) {
            let grant = GrantId(one.grant_id);
            return Ok(Ok(Open { key, role: role.id, grant, until: one.ends_at, new: false }));
        }
        let rule = match may(tx, person, role, rules).await? {
            Ok(rule) => rule,
            Err(no) => return Ok(Err(no)),
        };
        let now = tx.now();
        let longest = role.facts.max_duration.map_or(rule.max, |own| own.min(rule.max));
        let ends_at = now + longest.to_delta();
        let ends_at = self.taken.body.until.map_or(ends_at, |until| until.min(ends_at));
        let zone = person.time_zone.clone().unwrap_or_default();
        let by = format!("{} for {}", self.row.name, self.taken.body.reference);
        let grant = NewGrant {
            id: GrantId::new(now),
            identity: self.who,
            role: role.id,
            role_version: role.version,
            origin: GrantOrigin::CallIn,
            item: None,
            reason: by.clone(),
            state: GrantState::Active,
            starts_at: now,
            ends_at: Some(ends_at),
            zone: zone.clone(),
            kind: GrantKind::Standing,
            trial: None,
        };
        let created = grants::insert(tx, &grant).await?;
        pieces::of_grant(tx, grant.id, &self.taken.body.reference).await?;
        self.events.push(NewEvent::new(self.taken.actor.clone(), created));
        let owner = role.owner.as_ref().filter(|o| o.id != self.who && o.status.may_act()).map(|o| o.id);
        let opened = Opened { grant: grant.id, role: &role.facts.name, by: &by, ends_at, zone: &zone };
        notices::opened(tx, (self.who, &person.name), owner, &opened).await?;
        Ok(Ok(Open { key, role: role.id, grant: grant.id, until: Some(ends_at), new: true }))
    }
}

/// The rule by which somebody may be given a role now, or what stands against it (promise 4): by today's policy, conditions and
/// rules that keep duties apart. What a sign-in has to have proved is asked before anything is given (promise 8).
async fn may<'r>(
    tx: &mut Tx,
    person: &Beneficiary,
    role: &RoleToday,
    rules: &[&'r SourceRule],
) -> ServiceResult<Result<&'r SourceRule, No>> {
    if !person.status.may_act() {
        return Ok(Err(No::new(
            "not_at_work",
            "The person isn't at work according to the people system.",
            "If that is wrong, the people team can put it right. Then call again.",
        )));
    }
    // Roles that are given by rule alone can be opened, too.
    let open = RoleFacts { requestable: true, ..role.facts.clone() };
    let short = Wish { duration: Span::MIN, reason: "call".to_owned() };
    let against = check_request(&role.policy, &open, &person.facts(person.id), &short).err().unwrap_or_default();
    if let Some(no) = against.into_iter().find(|no| no.code.field().is_none()) {
        return Ok(Err(by_policy(no.code, &role.facts.name)));
    }
    let seen = Seen::new(&way::facts(tx, person.id, person, role, &short).await?);
    let mut failed = None;
    let mut fits = None;
    for rule in rules {
        match rule.when.as_ref().map_or(Ok(true), |when| when.holds(&seen)) {
            Ok(true) => {
                fits = Some(*rule);
                break;
            }
            Ok(false) => {}
            Err(why) => failed = Some(why),
        }
    }
    let Some(rule) = fits else {
        return Ok(Err(match failed {
            Some(why) => No::new(
                "condition_failed",
                format!("A condition couldn't be worked out: {why}."),
                "What can't be checked isn't opened. An administrator can mend the condition in sources.toml.",
            ),
            None => No::new(
                "condition_not_met",
                format!("The source's rules leave this person out for {}.", role.facts.name),
                "They can ask for the role in the portal.",
            ),
        }));
    };
    let now = tx.now();
    let sought = separation::Wish { beneficiary: person.id, role: role.id, beside: &[], item: None };
    // A rule that wants one more approval refuses as well: nobody decides on a call.
    if separation::of_wish(tx, now, sought).await?.conflicts.iter().any(separation::FoundConflict::stands) {
        return Ok(Err(No::new(
            "separation",
            format!("A rule keeps {} apart from what the person has otherwise.", role.facts.name),
            "They see which rule on the role's page. An exception, or giving back the other access, would help.",
        )));
    }
    Ok(Ok(rule))
}

fn by_policy(code: RefusalCode, role: &str) -> No {
    let help = "They can look at the role's page for what would help.";
    match code {
        RefusalCode::RoleRetired => No::new("role_retired", format!("{role} isn't given out any more."), help),
        RefusalCode::EmploymentTypeNotAllowed => No::new(
            "employment_type_not_allowed",
            format!("The policy of {role} leaves out people who are employed like that."),
            help,
        ),
        _ => No::new("beneficiary_not_active", "The person isn't at work according to the people system.", help),
    }
}

fn answer(taken: &Taken<'_>, done: &[Open], refused: &[(String, No)]) -> Answer {
    if let (true, Some((_, first))) = (done.is_empty(), refused.first()) {
        let mut answer = first.answer();
        if let Value::Object(body) = &mut answer.body {
            body.insert("refused".to_owned(), listed(refused));
        }
        return answer;
    }
    let roles: Vec<Value> = done
        .iter()
        .map(|one| json!({"role": one.key, "grant": one.grant, "until": one.until, "already": !one.new}))
        .collect();
    Answer::done(json!({
        "outcome": "opened", "reference": taken.body.reference, "roles": roles, "refused": listed(refused),
    }))
}

fn listed(refused: &[(String, No)]) -> Value {
    let of_roles = refused.iter().filter(|(key, _)| !key.is_empty());
    of_roles
        .map(|(key, no)| json!({"role": key, "code": format!("call_in.{}", no.code), "detail": no.detail}))
        .collect()
}
