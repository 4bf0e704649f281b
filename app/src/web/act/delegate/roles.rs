//! The roles that a delegation is limited to, as somebody types them: a name or a key in each line, or between commas.

use latchkey_domain::RoleId;
use latchkey_service::{catalog::Catalog, fold::fold};

/// A role that can be named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    id: RoleId,
    key: &'a str,
    name: &'a str,
}

/// The roles of the catalog that aren't retired.
pub(super) fn known(catalog: &Catalog) -> Vec<Known<'_>> {
    let live = catalog.roles.iter().filter(|role| !role.retired);
    live.map(|role| Known { id: role.id, key: &role.key, name: &role.name }).collect()
}

/// The roles that were typed, each once; or what is wrong with them.
pub(super) fn typed(known: &[Known<'_>], text: &str) -> Result<Vec<RoleId>, String> {
    let mut found: Vec<RoleId> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // A name may hold a comma.
        let whole = one(known, line);
        let parts = if whole.is_ok() || !line.contains(',') {
            vec![whole]
        } else {
            line.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| one(known, part)).collect()
        };
        for role in parts {
            let role = role?;
            if !found.contains(&role) {
                found.push(role);
            }
        }
    }
    Ok(found)
}

fn one(known: &[Known<'_>], typed: &str) -> Result<RoleId, String> {
    if let Some(role) = known.iter().find(|role| role.key == typed) {
        return Ok(role.id);
    }
    let wanted = fold(typed);
    let mut fits = known.iter().filter(|role| fold(role.name) == wanted);
    let shown: String = typed.chars().take(60).collect();
    match (fits.next(), fits.next()) {
        (Some(role), None) => Ok(role.id),
        (Some(role), Some(_)) => {
            Err(format!("Several roles are called \u{201c}{shown}\u{201d}. Use the key, such as {}.", role.key))
        }
        (None, _) => {
            let example = known.first().map(|role| format!(", such as {}", role.name)).unwrap_or_default();
            Err(format!(
                "No role is called \u{201c}{shown}\u{201d}. Use a name or a key as the catalog has it{example}."
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use latchkey_domain::Instant;

    use super::*;

    #[test]
    fn roles_are_named_by_line_or_comma_by_name_or_key() {
        let ids: Vec<RoleId> = (0..4).map(|_| RoleId::new(Instant::UNIX_EPOCH)).collect();
        let known: Vec<Known<'_>> = [
            ("payroll", "Payroll reader"),
            ("ledger", "Ledger, all years"),
            ("crm-1", "Accounts"),
            ("crm-2", "Accounts"),
        ]
        .into_iter()
        .zip(&ids)
        .map(|((key, name), id)| Known { id: *id, key, name })
        .collect();
        assert_eq!(typed(&known, " \n").unwrap(), []);
        assert_eq!(typed(&known, "PAYROLL reader\nLedger, all years\npayroll").unwrap(), ids[..2]);
        assert_eq!(typed(&known, "payroll, crm-2").unwrap(), [ids[0], ids[3]]);
        assert!(typed(&known, "accounts").unwrap_err().contains("Use the key, such as crm-1"));
        let unknown = typed(&known, "payroll\nPayrol").unwrap_err();
        assert!(unknown.contains("\u{201c}Payrol\u{201d}") && unknown.contains("such as Payroll reader"), "{unknown}");
    }
}
