//! Each person chooses how to be told: at once, in a daily digest, or not by e-mail, by group of kinds of notices.

use std::collections::BTreeMap;

use latchkey_domain::{
    IdentityId,
    actor::Actor,
    clock::Clock,
    event::{EventBody, NewEvent},
};
use latchkey_store::{AsConn, Db, identities, notice_preferences as store};

use crate::{
    FieldProblem, ServiceError, ServiceResult,
    notices::kinds::{Choice, Group},
};

/// How somebody is told of each group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences(BTreeMap<Group, Choice>);

impl Preferences {
    /// Those of somebody: one query.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(c: &mut impl AsConn, who: IdentityId) -> ServiceResult<Self> {
        let chosen = store::of_person(c, who).await?;
        Ok(Self(chosen.iter().filter_map(|(g, c)| Some((Group::from_word(g)?, Choice::from_word(c)?))).collect()))
    }

    /// How they are told of a group. What may not be chosen any more counts as not chosen.
    #[must_use]
    pub fn choice(&self, group: Group) -> Choice {
        self.0.get(&group).copied().filter(|choice| group.allows(*choice)).unwrap_or(group.standard())
    }
}

/// Somebody chooses for themselves. Groups that aren't named stay as they are. Returns how many changed.
///
/// # Errors
/// `Refused` for anybody but a signed-in person; `BadInput` for what can't be turned off.
pub async fn choose(
    db: &Db,
    clock: &dyn Clock,
    actor: &Actor,
    wishes: &BTreeMap<Group, Choice>,
) -> ServiceResult<usize> {
    let Actor::Person(person) = actor else {
        return Err(ServiceError::refused(
            "notices.not_a_person",
            "Nothing was changed.",
            "Only a signed-in person says how to be told.",
            "Sign in and choose there.",
        ));
    };
    let problems: Vec<FieldProblem> = wishes
        .iter()
        .filter(|(group, choice)| !group.allows(**choice))
        .map(|(group, _)| FieldProblem::new(group.word(), "notices.always", group.always().unwrap_or_default()))
        .collect();
    if !problems.is_empty() {
        return Err(ServiceError::BadInput(problems));
    }
    let me = person.identity;
    let mut tx = db.begin(clock.now()).await?;
    // Of two windows, the one that is sent later says what counts, whole.
    identities::lock(&mut tx, &[me]).await?;
    tx.now_is(clock.now());
    let before = Preferences::of(&mut tx, me).await?;
    let mut events = Vec::new();
    for (group, choice) in wishes.iter().filter(|(group, choice)| before.choice(**group) != **choice) {
        store::set(&mut tx, me, group.word(), choice.word()).await?;
        let (group, choice) = (group.word().to_owned(), choice.word().to_owned());
        let body = EventBody::NoticePreferenceChanged { identity: me, group, choice };
        events.push(NewEvent::new(actor.reference(), body));
    }
    let changed = events.len();
    if changed > 0 {
        tx.commit(events).await?;
    }
    Ok(changed)
}
