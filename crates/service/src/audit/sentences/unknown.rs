//! Events that this version can't read as its own: a newer one wrote them, or they are damaged. They are shown all the same,
//! by their word and with the links that can be found in them.

use latchkey_domain::{IdentityId, RequestId, RoleId, SystemId, actor::ActorRef};
use latchkey_store::events::EventRow;
use serde_json::Value;
use uuid::Uuid;

use super::{Draft, Drafted, Piece, named};

pub(super) fn drafted(row: &EventRow) -> Drafted {
    let Ok(value) = serde_json::from_str::<Value>(&row.bytes) else {
        let text = format!("An event of the kind “{}” can't be read: its bytes are damaged", spoken(&row.kind));
        return Drafted { pieces: vec![Piece::Text(text.into())], actor: vec![], group: None, people: vec![] };
    };
    let actor = value.get("actor").and_then(|a| serde_json::from_value::<ActorRef>(a.clone()).ok());
    let d = match &actor {
        Some(actor) => Draft::new(actor).actor(),
        None => Draft::new(&ActorRef::Unknown).actor(),
    };
    let mut pieces =
        d.text(format!(" did something that this version has no sentence for: {}", spoken(&row.kind))).pieces;
    let body = value.get("body");
    let id = |name: &str| body?.get(name)?.as_str().and_then(|s| Uuid::parse_str(s).ok());
    let found = [
        id("identity").or_else(|| id("beneficiary")).map(|i| Piece::Person(IdentityId(i))),
        id("role").map(|i| Piece::Role(RoleId(i))),
        id("system").map(|i| Piece::System(SystemId(i))),
        id("request").map(|i| Piece::Request(RequestId(i))),
    ];
    for (n, piece) in found.into_iter().flatten().enumerate() {
        pieces.push(Piece::Text(if n == 0 { ", about " } else { ", " }.into()));
        pieces.push(piece);
    }
    let people =
        actor.iter().flat_map(named).filter_map(|p| if let Piece::Person(id) = p { Some(id) } else { None }).collect();
    Drafted { pieces, actor: actor.as_ref().map(named).unwrap_or_default(), group: None, people }
}

/// A fixed word as words: `review_item_kept` is `review item kept`.
fn spoken(kind: &str) -> String {
    kind.replace('_', " ")
}
