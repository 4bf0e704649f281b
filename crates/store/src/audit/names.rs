//! What the sentences of the log need besides the events: names by lists of ids, and finding what a filter means.

use latchkey_domain::Instant;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AsConn, StoreResult};

/// A name for an id.
#[derive(Debug, Clone, FromRow)]
pub struct Named {
    /// The id.
    pub id: Uuid,
    /// Its name today.
    pub name: String,
}

/// A system's name and key.
#[derive(Debug, Clone, FromRow)]
pub struct NamedSystem {
    /// The id.
    pub id: Uuid,
    /// Its stable key.
    pub key: String,
    /// Its name today.
    pub name: String,
}

/// An item's request, and what was asked.
#[derive(Debug, Clone, FromRow)]
pub struct NamedItem {
    /// The item.
    pub id: Uuid,
    /// Its request.
    pub request_id: Uuid,
    /// What people quote.
    pub reference: String,
    /// The role.
    pub role_id: Uuid,
    /// Who should hold it.
    pub beneficiary_id: Uuid,
    /// For how long, in seconds.
    pub seconds: Option<i64>,
    /// Until when it was granted, or asked for.
    pub ends_at: Option<Instant>,
}

/// The names of these rules that keep duties apart, as they are today.
///
/// # Errors
/// When the database fails.
pub async fn separation_rules(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<Named>> {
    rows_in!(
        c,
        Named,
        "select rule_id as id, name from separation_rule_version where valid_to is null and rule_id in ({})",
        ids
    )
}

/// The names of these roles, as they are today.
///
/// # Errors
/// When the database fails.
pub async fn roles(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<Named>> {
    rows_in!(c, Named, "select role_id as id, name from role_version where valid_to is null and role_id in ({})", ids)
}

/// The names of these systems.
///
/// # Errors
/// When the database fails.
pub async fn systems(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<NamedSystem>> {
    rows_in!(c, NamedSystem, "select id, key, name from system where id in ({})", ids)
}

/// The names of these entitlements.
///
/// # Errors
/// When the database fails.
pub async fn entitlements(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<Named>> {
    rows_in!(c, Named, "select id, name from entitlement where id in ({})", ids)
}

/// The references of these requests.
///
/// # Errors
/// When the database fails.
pub async fn requests(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<Named>> {
    rows_in!(c, Named, "select id, reference as name from request where id in ({})", ids)
}

/// These items with their requests.
///
/// # Errors
/// When the database fails.
pub async fn items(c: &mut impl AsConn, ids: &[Uuid]) -> StoreResult<Vec<NamedItem>> {
    rows_in!(
        c,
        NamedItem,
        "select i.id, i.request_id, r.reference, i.role_id, i.beneficiary_id, i.seconds, coalesce(g.ends_at, i.ends_at) as ends_at
         from item i join request r on r.id = i.request_id left join role_grant g on g.item_id = i.id where i.id in ({})",
        ids
    )
}

/// People whose name, e-mail address or number holds this text, at most `limit`, by name.
///
/// # Errors
/// When the database fails.
pub async fn find_people(c: &mut impl AsConn, text: &str, limit: i64) -> StoreResult<Vec<Named>> {
    rows!(
        c,
        Named,
        r"select id, display_name as name from identity where search_text like $1 escape '\' order by display_name, id limit $2",
        like(text),
        limit
    )
}

/// Roles whose name or key holds this text, at most `limit`, by name.
///
/// # Errors
/// When the database fails.
pub async fn find_roles(c: &mut impl AsConn, text: &str, limit: i64) -> StoreResult<Vec<Named>> {
    rows!(
        c,
        Named,
        r"select v.role_id as id, v.name from role_version v join role r on r.id = v.role_id
          where v.valid_to is null and (lower(v.name) like $1 escape '\' or r.key like $1 escape '\') order by v.name, v.role_id limit $2",
        like(text),
        limit
    )
}

/// The request with this reference, whatever its case.
///
/// # Errors
/// When the database fails.
pub async fn find_request(c: &mut impl AsConn, reference: &str) -> StoreResult<Option<Named>> {
    row!(c, Named, "select id, reference as name from request where reference = $1", reference.trim().to_uppercase())
}

/// The system with this key, or with this id as text.
///
/// # Errors
/// When the database fails.
pub async fn find_system(c: &mut impl AsConn, key_or_id: &str) -> StoreResult<Option<NamedSystem>> {
    match Uuid::parse_str(key_or_id) {
        Ok(id) => row!(c, NamedSystem, "select id, key, name from system where id = $1", id),
        Err(_) => row!(c, NamedSystem, "select id, key, name from system where key = $1", key_or_id),
    }
}

/// The systems that can be chosen, retired ones too, by name, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn all_systems(c: &mut impl AsConn, limit: i64) -> StoreResult<Vec<NamedSystem>> {
    rows!(c, NamedSystem, "select id, key, name from system order by name, id limit $1", limit)
}

/// A pattern that finds `text` anywhere, in lower case, with its own wildcards taken literally.
fn like(text: &str) -> String {
    let escaped = text.trim().to_lowercase().replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn what_is_typed_is_taken_literally() {
        assert_eq!(like(r" 50%_\A "), r"%50\%\_\\a%");
    }
}
