//! What people do, by the same functions as in the portal.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use latchkey_domain::{
    GrantId, IdentityId, Instant, ItemId, RoleId, SeparationRuleId, StageId,
    actor::Actor,
    clock::Clock,
    id::new_uuid,
    item::{ItemState, StageState, Verdict},
};
use latchkey_policy::Span;
use latchkey_service::{
    ServiceError,
    activate::{ActivationWish, activate},
    catalog::RoleEntry,
    decide_item::{Decision, decide_item},
    give_back::give_back,
    import_people::import_people,
    nudge::nudge,
    questions::{self, Kind},
    separation::exceptions::{self, ExceptionWish},
    sessions,
    sign_in::{Origin, SessionStart, SignInLimits, VerifiedStatement, sign_in},
    submit_request::{ItemWish, Submission, Terms, submit_with},
    trials::keep,
    withdraw_item::withdraw_item,
};
use latchkey_store::{
    grants::{self, GrantRow},
    items, request_reads,
    separation::rules,
    sha256_hex, stages,
};
use rand::Rng;

use super::{Action, Ask, Fate, Play};
use crate::demo::history::{EMPLOYEE, cast, days, words};

/// How long people wait before they nudge.
const PATIENCE: TimeDelta = TimeDelta::days(6);

impl Play<'_> {
    /// Does what was planned for this moment.
    pub(super) async fn play(&mut self, action: Action) -> Result<(), ServiceError> {
        match action {
            Action::Ask(ask) => self.play_ask(ask).await,
            Action::Wish(wish) => self.play_wish(wish).await,
            Action::Answer { wish, answer } => self.play_answer(wish, answer).await,
            Action::Decide { item, fate, at_once } => self.play_decide(item, fate, at_once).await,
            Action::Withdraw { item, who } => {
                let actor = self.actor(who).await?;
                withdraw_item(&self.history.db, &*self.clock, &actor, item).await.map(drop)
            }
            Action::Nudge { item, who } => self.play_nudge(item, who).await,
            Action::GiveBack { item, who } => self.play_give_back(item, who).await,
            Action::Activate { right, who, role, hours } => self.play_activate(right, who, role, hours).await,
            Action::KeepTrial { grant, who, role } => self.play_keep(grant, who, role).await,
            Action::SignIn { external_id } => self.play_sign_in(&external_id).await,
            Action::PeopleLeave => {
                let people = &self.history.company.people;
                let left =
                    import_people(&self.history.db, &*self.clock, &Actor::Host, "people.csv", people, false).await;
                if let Err(error) = left {
                    tracing::warn!(%error, "the demo's people can't be imported a second time");
                }
                self.work_to_do = true;
                Ok(())
            }
            Action::Except { by, who, rule, reason } => self.play_except(by, who, rule, reason).await,
            Action::BreakGlass { who, of } => self.play_break_glass(who, of).await,
            Action::BreakGlassOver { review, grant, who, account } => self.play_over(review, grant, who, account).await,
            Action::BreakGlassReview { review, findings } => self.play_review(review, findings).await,
            Action::Maintenance => {
                (self.history.maintenance)();
                Ok(())
            }
            Action::Tick => {
                self.work_to_do = true;
                Ok(())
            }
            Action::Sweep => {
                sessions::sweep(&self.history.db, &*self.clock).await?;
                self.work_to_do = true;
                Ok(())
            }
        }
    }

    pub(super) async fn actor(&self, who: IdentityId) -> Result<Actor, ServiceError> {
        Ok(cast::actor(&mut self.history.db.read().await?, who, self.clock.now()).await?)
    }

    /// Another company has other people and rules: then there is nothing to do.
    async fn play_except(&mut self, by: &str, who: &str, rule: &str, reason: &str) -> Result<(), ServiceError> {
        let (Some(by), Some(who)) = (self.cast.person(by), self.cast.person(who)) else { return Ok(()) };
        let (by, person) = (IdentityId(by.id), IdentityId(who.id));
        let Some(rule) = rules::by_key(&mut self.history.db.read().await?, rule).await? else { return Ok(()) };
        let until = self.clock.now().date_naive() + chrono::Months::new(6);
        let wish = ExceptionWish { rule: SeparationRuleId(rule.rule_id), person, reason: reason.to_owned(), until };
        let actor = self.actor(by).await?;
        exceptions::grant(&self.history.db, &*self.clock, &actor, &wish, "UTC").await.map(drop)
    }

    async fn play_ask(&mut self, ask: Ask) -> Result<(), ServiceError> {
        // Elevated access waits for its holder's first sign-in; the people of the demo are regulars.
        if self.signed_in.insert(ask.beneficiary) {
            let number = self.cast.with_id(ask.beneficiary.0).map(|person| person.external_id.clone());
            if let Some(number) = number {
                self.play_sign_in(&number).await?;
            }
        }
        let actor = self.actor(ask.who).await?;
        let mut refusal = None;
        let (held, waiting) = request_reads::roles_of(&mut self.history.db.read().await?, ask.beneficiary).await?;
        for key in &ask.roles {
            let Some(role) = self.catalog.role_by_key(key) else { continue };
            // The plan meets itself: they have it, or ask for it already.
            if held.contains_key(&role.id.0) || waiting.contains_key(&role.id.0) {
                continue;
            }
            let wish = ItemWish {
                role: role.id,
                beneficiary: ask.beneficiary,
                duration: span(role, ask.days),
                reason: words::reason(role, &mut self.rng),
            };
            let submission = Submission { form_key: new_uuid(self.clock.now()), items: vec![wish] };
            let piece = words::piece(key).to_owned();
            let terms = [Terms { answers: self.answers(role).await?, piece, ..Terms::default() }];
            match submit_with(&self.history.db, &*self.clock, &actor, &submission, &terms).await {
                Ok(submitted) => {
                    self.played.requests += 1;
                    let item = items::of_request(&mut self.history.db.read().await?, submitted.request).await?;
                    if let Some(item) = item.first() {
                        self.ends_by_itself(item.lapses_at);
                        if item.state == ItemState::Waiting {
                            self.plan_fate(item.id(), &ask);
                        } else {
                            // A rule of the policy approved it: nobody has to decide.
                            self.work_to_do = true;
                            let given = grants::of_items(&mut self.history.db.read().await?, &[item.id]).await?;
                            self.ends_by_itself(given.first().and_then(|grant| grant.ends_at));
                        }
                    }
                    return Ok(());
                }
                // They may not have it: the next one then.
                Err(error @ (ServiceError::Refused(_) | ServiceError::BadInput(_))) => refusal = Some(error),
                Err(other) => return Err(other),
            }
        }
        match refusal {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    /// What people answer to a role's questions.
    async fn answers(&self, role: &RoleEntry) -> Result<BTreeMap<String, String>, ServiceError> {
        let asked = questions::of(&mut self.history.db.read().await?, role.version_id).await?;
        let answer = |kind: Kind| match kind {
            Kind::Text => Some("In spring, with the rest of the team".to_owned()),
            Kind::Choice { options } => options.into_iter().next(),
            Kind::Ticket { .. } => None,
        };
        Ok(asked.into_iter().filter(|q| q.required).filter_map(|q| Some((q.key, answer(q.kind)?))).collect())
    }

    fn plan_fate(&mut self, item: ItemId, ask: &Ask) {
        let now = self.clock.now();
        match ask.fate {
            Fate::Waits => self.put(now + PATIENCE, Action::Nudge { item, who: ask.who }),
            Fate::Withdrawn => {
                let at = now + TimeDelta::minutes(self.rng.random_range(3..55));
                self.put(at, Action::Withdraw { item, who: ask.who });
            }
            fate => {
                let at = self.decided_at(now, ask.at_once);
                self.put(at, Action::Decide { item, fate, at_once: ask.at_once });
            }
        }
    }

    async fn play_decide(&mut self, item: ItemId, fate: Fate, at_once: bool) -> Result<(), ServiceError> {
        let mut read = self.history.db.read().await?;
        let open =
            stages::of_items(&mut read, &[item.0]).await?.into_iter().find(|stage| stage.state == StageState::Open);
        // It may have lapsed, or its requester left.
        let Some(stage) = open else { return Ok(()) };
        let approvers = stages::approvers(&mut read, &[stage.id]).await?;
        let Some(approver) = approvers.first().map(|approver| IdentityId(approver.identity_id)) else { return Ok(()) };
        drop(read);
        let verdict = if fate == Fate::Denied { Verdict::Deny } else { Verdict::Approve };
        let comment = words::comment(verdict, &mut self.rng);
        let decision = Decision { item, stage: Some(StageId(stage.id)), verdict, comment };
        let actor = self.actor(approver).await?;
        let decided = decide_item(&self.history.db, &*self.clock, &actor, &decision).await?;
        self.played.decisions += 1;
        let now = self.clock.now();
        match (decided.state, fate) {
            (ItemState::Waiting, Fate::HalfWay) => {}
            (ItemState::Waiting, _) => {
                let at = self.decided_at(now, at_once);
                self.put(at, Action::Decide { item, fate, at_once });
            }
            (ItemState::Approved, fate) => {
                self.work_to_do = true;
                let given = grants::of_items(&mut self.history.db.read().await?, &[item.0]).await?;
                self.ends_by_itself(given.first().and_then(|grant| grant.ends_at));
                if let Some(right) = given.first().filter(|grant| grant.eligible) {
                    self.plan_activations(right);
                }
                if let Some(trial) = given.first().filter(|grant| grant.full_ends_at.is_some()) {
                    self.plan_to_keep(trial);
                }
                if let Fate::GivenBack(days) = fate {
                    let beneficiary = items::get(&mut self.history.db.read().await?, item).await?;
                    if let Some(row) = beneficiary {
                        let at = days::at_work(now + TimeDelta::days(days), &mut self.rng);
                        self.put(at, Action::GiveBack { item, who: IdentityId(row.beneficiary_id) });
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whoever may activate a role does, about once a week, and again right now.
    fn plan_activations(&mut self, right: &GrantRow) {
        let activate = |hours| Action::Activate { right: right.id(), who: right.identity(), role: right.role(), hours };
        let now = self.now();
        let mut at = self.clock.now() + TimeDelta::hours(1);
        while at < now - TimeDelta::days(1) {
            let (begins, hours) = (days::at_work(at, &mut self.rng), self.rng.random_range(1..4));
            self.put(begins, activate(hours));
            at += TimeDelta::days(self.rng.random_range(4..10));
        }
        let minutes = self.rng.random_range(20..50);
        self.put(now - TimeDelta::minutes(minutes), activate(4));
    }

    async fn play_activate(
        &mut self,
        right: GrantId,
        who: IdentityId,
        role: RoleId,
        hours: u32,
    ) -> Result<(), ServiceError> {
        let Some(role) = self.catalog.role(role) else { return Ok(()) };
        let Some(activation) = &role.policy.snapshot.policy.activation else { return Ok(()) };
        let duration = Span::from_hours(hours).unwrap_or(activation.default).min(activation.max);
        let reason = words::reason(role, &mut self.rng);
        let wish = ActivationWish { form_key: new_uuid(self.clock.now()), right, duration, reason };
        let actor = self.actor(who).await?;
        match activate(&self.history.db, &*self.clock, &actor, &wish).await {
            Ok(done) => {
                self.played.requests += 1;
                self.work_to_do = true;
                let item = items::of_request(&mut self.history.db.read().await?, done.request).await?;
                let Some(item) = item.first() else { return Ok(()) };
                if item.state == ItemState::Waiting {
                    let at = self.clock.now() + TimeDelta::minutes(self.rng.random_range(4..30));
                    self.put(at, Action::Decide { item: item.id(), fate: Fate::Approved, at_once: true });
                } else {
                    let given = grants::of_items(&mut self.history.db.read().await?, &[item.id]).await?;
                    self.ends_by_itself(given.first().and_then(|grant| grant.ends_at));
                }
                Ok(())
            }
            // It is active still, or the right was given back meanwhile.
            Err(ServiceError::Refused(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Most people keep what they have on trial. One employee is asked these days; some never say a word.
    fn plan_to_keep(&mut self, trial: &GrantRow) {
        let is_asked = self.cast.person(EMPLOYEE).is_some_and(|one| one.id == trial.identity_id);
        if is_asked || self.rng.random_bool(0.2) {
            return;
        }
        let at = days::at_work(self.clock.now() + TimeDelta::days(self.rng.random_range(8..12)), &mut self.rng);
        self.put(at, Action::KeepTrial { grant: trial.id(), who: trial.identity(), role: trial.role() });
    }

    async fn play_keep(&mut self, grant: GrantId, who: IdentityId, role: RoleId) -> Result<(), ServiceError> {
        let Some(role) = self.catalog.role(role) else { return Ok(()) };
        let words = words::reason(role, &mut self.rng);
        let actor = self.actor(who).await?;
        match keep(&self.history.db, &*self.clock, &actor, grant, &words).await {
            Ok(until) => {
                self.ends_by_itself(Some(until));
                Ok(())
            }
            // It was given back, or its holder left.
            Err(ServiceError::Refused(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// The worker is there when something's time is over.
    fn ends_by_itself(&mut self, end: Option<Instant>) {
        if let Some(end) = end {
            self.put(end + TimeDelta::seconds(2), Action::Tick);
        }
    }

    /// Whoever still waits by now reminds those who can decide.
    async fn play_nudge(&mut self, item: ItemId, who: IdentityId) -> Result<(), ServiceError> {
        let actor = self.actor(who).await?;
        match nudge(&self.history.db, &*self.clock, &actor, item).await {
            // It was decided meanwhile, or its policy leaves more time.
            Ok(_) | Err(ServiceError::Refused(_) | ServiceError::Conflict(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn play_give_back(&mut self, item: ItemId, who: IdentityId) -> Result<(), ServiceError> {
        let given = grants::of_items(&mut self.history.db.read().await?, &[item.0]).await?;
        let actor = self.actor(who).await?;
        for grant in given.iter().filter(|grant| grant.state.end().is_ok()) {
            give_back(&self.history.db, &*self.clock, &actor, GrantId(grant.id)).await?;
            self.work_to_do = true;
        }
        Ok(())
    }

    async fn play_sign_in(&mut self, external_id: &str) -> Result<(), ServiceError> {
        let Some(person) = self.cast.person(external_id) else { return Ok(()) };
        let now = self.clock.now();
        let statement = VerifiedStatement {
            issuer: self.history.issuer.clone(),
            subject: person.email.clone(),
            sid: None,
            external_id: Some(external_id.to_owned()),
            verified_email: Some(person.email.clone()),
            assurance: cast::assurance(now),
        };
        let origin = Origin {
            address: "127.0.0.1",
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        };
        let id_hash = sha256_hex(&rand::random::<[u8; 32]>());
        let start = SessionStart {
            id_hash: &id_hash,
            replaces: None,
            idle: TimeDelta::hours(1),
            absolute: TimeDelta::hours(12),
        };
        let limits = SignInLimits::default();
        // A refusal is on record too, and belongs to a company's life.
        let _ = sign_in(&self.history.db, &*self.clock, &limits, false, &statement, origin, start).await?;
        Ok(())
    }
}

/// So many days where the policy offers them, else what it suggests; never more than the role allows.
fn span(role: &RoleEntry, days: Option<u32>) -> Span {
    let policy = &role.policy.snapshot.policy;
    let offered = days.and_then(|days| policy.offer.iter().copied().find(|span| span.whole_days() == Some(days)));
    let wanted = offered.unwrap_or(policy.default_duration);
    if wanted > role.longest { role.longest } else { wanted }
}
