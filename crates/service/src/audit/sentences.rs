//! Events as sentences: plain, active, with links to whom and what they are about.
//!
//! [`body`] turns what happened into pieces that name things by id, one exhaustive match, so that a new kind of event
//! doesn't compile until it has a sentence. The names of all events of a page are then read together, a fixed number of
//! queries, and the pieces become the parts that a page shows.

use std::borrow::Cow;

use latchkey_domain::{
    EntitlementId, EventId, IdentityId, Instant, ItemId, RequestId, RoleId, SeparationRuleId, SystemId,
    actor::ActorRef,
    event::{Envelope, EventBody},
};
use latchkey_store::{
    AsConn,
    events::{self, EventRow, EventText},
};

use super::filters::Group;
use crate::ServiceResult;

pub use words::call_refusal;

mod body;
mod break_glass;
mod call_ins;
mod conversation;
mod drift;
mod names;
mod separation;
mod systems;
mod unknown;
mod wishes;
mod words;

/// One part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Plain words.
    Text(String),
    /// A person or service identity.
    Person {
        /// Who.
        id: IdentityId,
        /// The name of today.
        name: String,
    },
    /// A role.
    Role {
        /// Which.
        id: RoleId,
        /// The name of today.
        name: String,
    },
    /// A system.
    System {
        /// Which.
        id: SystemId,
        /// Its stable key, which its page is found by.
        key: String,
        /// The name of today.
        name: String,
    },
    /// A request.
    Request {
        /// Which.
        id: RequestId,
        /// What people quote.
        reference: String,
    },
    /// An instant, to be shown in the reader's time zone.
    Time(Instant),
    /// Somebody's own words, to be shown as a quotation.
    Quote(String),
}

/// An event as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The event.
    pub id: EventId,
    /// When it was recorded.
    pub at: Instant,
    /// Its fixed word.
    pub kind: String,
    /// What kind of action it is; absent for a kind that this version doesn't know.
    pub group: Option<Group>,
    /// Who did it, in words: a name, a command, a background duty.
    pub actor: String,
    /// The sentence.
    pub sentence: Vec<Part>,
    /// Everybody whom it names, the actor too, each once.
    pub people: Vec<IdentityId>,
}

impl Line {
    /// The sentence as plain text, with times in UTC.
    #[must_use]
    pub fn plain(&self) -> String {
        plain(&self.sentence)
    }
}

/// Parts as plain text, with times in UTC.
#[must_use]
pub fn plain(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(t) => text.push_str(t),
            Part::Person { name, .. } | Part::Role { name, .. } | Part::System { name, .. } => text.push_str(name),
            Part::Request { reference, .. } => text.push_str(reference),
            Part::Time(at) => text.push_str(&at.format("%-d %B %Y, %H:%M UTC").to_string()),
            Part::Quote(words) => {
                text.push('“');
                text.push_str(words);
                text.push('”');
            }
        }
    }
    text
}

/// A part whose name isn't known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Cow<'static, str>),
    Person(IdentityId),
    Role(RoleId),
    System(SystemId),
    Entitlement(EntitlementId),
    /// A rule that keeps duties apart.
    Rule(SeparationRuleId),
    Request(RequestId),
    /// The request of an item.
    RequestOf(ItemId),
    /// The role that an item asks for.
    RoleOf(ItemId),
    /// Who should hold it.
    BeneficiaryOf(ItemId),
    /// `, until …` or `, for …`, as granted or asked for.
    TermOf(ItemId),
    Time(Instant),
    Quote(String),
}

/// A sentence in the making.
struct Draft<'a> {
    actor: &'a ActorRef,
    pieces: Vec<Piece>,
}

impl<'a> Draft<'a> {
    const fn new(actor: &'a ActorRef) -> Self {
        Self { actor, pieces: Vec::new() }
    }

    fn piece(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }

    fn text(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.piece(Piece::Text(text.into()))
    }

    fn person(self, id: IdentityId) -> Self {
        self.piece(Piece::Person(id))
    }

    fn role(self, id: RoleId) -> Self {
        self.piece(Piece::Role(id))
    }

    fn system(self, id: SystemId) -> Self {
        self.piece(Piece::System(id))
    }

    fn entitlement(self, id: EntitlementId) -> Self {
        self.piece(Piece::Entitlement(id))
    }

    fn rule(self, id: SeparationRuleId) -> Self {
        self.piece(Piece::Rule(id))
    }

    /// Whoever did it, at the start of the sentence.
    fn actor(self) -> Self {
        match self.actor {
            ActorRef::Person { identity, .. } => self.person(*identity),
            ActorRef::Host => self.text("A command on the host"),
            ActorRef::Worker { .. } => self.text("Latchkey"),
            ActorRef::Token { owner, .. } => self.text("An API token of ").person(*owner),
            ActorRef::Source { key } => self.text(format!("The source “{key}”")),
            ActorRef::Unknown => self.text("Somebody unknown"),
        }
    }

    /// What the actor's session proved, at the end of the sentence.
    fn session(self) -> Self {
        match self.actor {
            ActorRef::Person { session: Some(_), mfa: true, .. } => {
                self.text(", from a session confirmed by a second factor")
            }
            ActorRef::Person { session: Some(_), mfa: false, .. } => {
                self.text(", from a session confirmed by one factor only")
            }
            _ => self,
        }
    }
}

/// The events' lines, in the same order. Eight queries at most, however many events there are.
///
/// # Errors
/// When the database fails.
pub async fn lines(c: &mut impl AsConn, rows: &[EventRow]) -> ServiceResult<Vec<Line>> {
    let ids: Vec<_> = rows.iter().map(|r| r.id).collect();
    let mut texts = events::texts(c, &ids).await?;
    texts.sort_by(|a, b| a.name.cmp(&b.name));
    let drafts: Vec<Drafted> = rows.iter().map(|row| drafted(row, &texts)).collect();
    let pieces: Vec<&Piece> = drafts.iter().flat_map(|d| d.pieces.iter().chain(&d.actor)).collect();
    let names = names::Names::load(c, &pieces).await?;
    Ok(rows
        .iter()
        .zip(drafts)
        .map(|(row, draft)| {
            let sentence = names.fill(draft.pieces);
            let mut people = draft.people;
            people
                .extend(sentence.iter().filter_map(|p| if let Part::Person { id, .. } = p { Some(*id) } else { None }));
            people.sort_unstable();
            people.dedup();
            Line {
                id: EventId(row.id),
                at: row.recorded_at,
                kind: row.kind.clone(),
                group: draft.group,
                actor: plain(&names.fill(draft.actor)),
                sentence,
                people,
            }
        })
        .collect())
}

/// An event as a sentence without what people wrote about it: for whoever is told outside the portal.
///
/// # Errors
/// When the database fails.
pub async fn without_own_words(c: &mut impl AsConn, row: &EventRow) -> ServiceResult<String> {
    let draft = drafted(row, &[]);
    let names = names::Names::load(c, &draft.pieces.iter().collect::<Vec<_>>()).await?;
    Ok(plain(&names.fill(draft.pieces)))
}

/// An event's pieces, before the names are known.
struct Drafted {
    pieces: Vec<Piece>,
    actor: Vec<Piece>,
    group: Option<Group>,
    people: Vec<IdentityId>,
}

fn drafted(row: &EventRow, texts: &[EventText]) -> Drafted {
    // A newer version's event, or a damaged one, can't be read as one of ours; it is shown all the same.
    let Ok(Envelope { actor, body, .. }) = row.envelope() else { return unknown::drafted(row) };
    let mut pieces = body::draft(&actor, &body).pieces;
    pieces.extend(own_words(&body, texts.iter().filter(|t| t.event_id == row.id)));
    Drafted { pieces, actor: named(&actor), group: Some(Group::of(&body)), people: people_of(&actor, &body) }
}

/// Who did it, for a column of its own.
fn named(actor: &ActorRef) -> Vec<Piece> {
    match actor {
        ActorRef::Worker { duty } => vec![Piece::Text(format!("Latchkey ({duty})").into())],
        other => Draft::new(other).actor().pieces,
    }
}

fn people_of(actor: &ActorRef, body: &EventBody) -> Vec<IdentityId> {
    let mut people: Vec<_> = body
        .subjects()
        .into_iter()
        .filter(|(kind, _)| *kind == latchkey_domain::event::SubjectKind::Identity)
        .map(|(_, id)| IdentityId(id))
        .collect();
    match actor {
        ActorRef::Person { identity, .. } => people.push(*identity),
        ActorRef::Token { owner, .. } => people.push(*owner),
        ActorRef::Host | ActorRef::Worker { .. } | ActorRef::Source { .. } | ActorRef::Unknown => {}
    }
    people
}

/// The personal texts that belong into the sentence, after it. The others (addresses, browsers) are in the details.
fn own_words<'t>(body: &EventBody, texts: impl Iterator<Item = &'t EventText>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for text in texts {
        let label = match (text.name.as_str(), body) {
            ("reason", _) => ". Reason: ",
            ("comment", _) => ". Comment: ",
            ("piece", _) => ". For: ",
            ("wish", _) => ". They wish for: ",
            ("name", EventBody::WishRoleProposed { .. }) => ". It should be called: ",
            ("gives", _) => ". It should give: ",
            ("words", body) if wishes::is_about_one(body) => ". They wrote: ",
            ("words", EventBody::FulfilmentHeldBack { .. } | EventBody::BreakGlassRefused { .. }) => {
                ". They are told: "
            }
            ("words", EventBody::CallInRefused { .. }) => ". The source is told: ",
            ("follow_up", _) => ". What follows: ",
            ("message", _) => ". They wrote: ",
            ("words", _) => ". In the system's words: ",
            ("exception", _) => ". A listed exception stood in for a second factor: ",
            ("subject", EventBody::SignInRefused { .. }) => ". The provider's name for them: ",
            _ => continue,
        };
        pieces.push(Piece::Text(label.into()));
        pieces.push(text.text.clone().map_or(Piece::Text("(erased)".into()), Piece::Quote));
    }
    pieces
}

#[cfg(test)]
mod tests;
