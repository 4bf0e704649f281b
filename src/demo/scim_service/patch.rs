//! PATCH (RFC 7644, section 3.5.2): add, remove and replace.

use serde_json::Value;

use super::{
    message::Problem,
    resource::{known, text},
};

/// Applies the operations of a message to a resource, in order.
///
/// # Errors
/// The first operation that isn't understood; the resource is then to be thrown away.
pub fn apply(resource: &mut Value, message: &Value, attributes: &'static [&'static str]) -> Result<(), Problem> {
    let operations =
        message.as_object().into_iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case("Operations"));
    let Some(operations) = operations.and_then(|(_, operations)| operations.as_array()).filter(|list| !list.is_empty())
    else {
        return Err(Problem::bad("invalidSyntax", "A PATCH needs Operations."));
    };
    operations.iter().try_for_each(|operation| one(resource, operation, attributes))
}

fn one(resource: &mut Value, operation: &Value, attributes: &'static [&'static str]) -> Result<(), Problem> {
    let op = text(operation, "op").to_lowercase();
    let value = operation.get("value");
    let path = text(operation, "path").trim();
    match (op.as_str(), path) {
        ("add" | "replace", "") => match value {
            Some(Value::Object(values)) => {
                values.iter().try_for_each(|(name, value)| set(resource, name, value, op == "add", attributes))
            }
            _ => Err(Problem::bad("invalidValue", "Without a path the value is an object.")),
        },
        ("add" | "replace", path) => match value {
            Some(value) => set(resource, path, value, op == "add", attributes),
            None => Err(Problem::bad("invalidValue", format!("The operation on {path} has no value."))),
        },
        ("remove", "") => Err(Problem::bad("noTarget", "Removing needs a path.")),
        ("remove", path) => remove(resource, path, value, attributes),
        (other, _) => Err(Problem::bad("invalidSyntax", format!("There is no operation \"{other}\"."))),
    }
}

/// A path: an attribute, with a part of it, or with a filter on its values.
enum Target<'a> {
    Whole(&'static str),
    Part(&'static str, &'a str),
    Value(&'static str, String),
}

fn target<'a>(path: &'a str, attributes: &'static [&'static str]) -> Result<Target<'a>, Problem> {
    let wrong = || Problem::bad("invalidPath", format!("This service can't change \"{path}\"."));
    // In front of the attribute there may be its schema, whose name has colons and dots of its own.
    let own = path.find('[').unwrap_or(path.len());
    let start = path.get(..own).and_then(|front| front.rfind(':')).map_or(0, |at| at + 1);
    let short = path.get(start..).unwrap_or_default();
    if let Some((name, filter)) = short.split_once('[') {
        let name = known(name, attributes).ok_or_else(wrong)?;
        // members[value eq "id"]
        let mut words = filter.strip_suffix(']').ok_or_else(wrong)?.trim().splitn(3, ' ');
        let (Some(attribute), Some(operator), Some(value)) = (words.next(), words.next(), words.next()) else {
            return Err(wrong());
        };
        if !attribute.eq_ignore_ascii_case("value") || !operator.eq_ignore_ascii_case("eq") {
            return Err(wrong());
        }
        let value = serde_json::from_str::<String>(value.trim()).map_err(|_| wrong())?;
        return Ok(Target::Value(name, value));
    }
    match short.split_once('.') {
        Some((name, part)) => Ok(Target::Part(known(name, attributes).ok_or_else(wrong)?, part)),
        None => known(short, attributes).map(Target::Whole).ok_or_else(wrong),
    }
}

fn set(
    resource: &mut Value,
    path: &str,
    value: &Value,
    add: bool,
    attributes: &'static [&'static str],
) -> Result<(), Problem> {
    match target(path, attributes)? {
        Target::Whole(name) => match (resource.get_mut(name), value) {
            (Some(Value::Array(there)), Value::Array(more)) if add => there.extend(more.iter().cloned()),
            (Some(Value::Array(there)), one @ Value::Object(_)) if add => there.push(one.clone()),
            (Some(Value::Object(there)), Value::Object(more)) => there.extend(more.clone()),
            (_, one @ Value::Object(_)) if name == "members" => resource[name] = Value::Array(vec![one.clone()]),
            _ => resource[name] = value.clone(),
        },
        Target::Part(name, part) => {
            if !resource.get(name).is_some_and(Value::is_object) {
                resource[name] = Value::Object(serde_json::Map::new());
            }
            resource[name][part] = value.clone();
        }
        Target::Value(name, _) => {
            return Err(Problem::bad("invalidPath", format!("This service replaces {name} as a whole.")));
        }
    }
    Ok(())
}

fn remove(
    resource: &mut Value,
    path: &str,
    value: Option<&Value>,
    attributes: &'static [&'static str],
) -> Result<(), Problem> {
    match target(path, attributes)? {
        Target::Whole(name) => match (resource.get_mut(name), value) {
            // Some clients name the values to remove in the value instead of in the path.
            (Some(Value::Array(there)), Some(Value::Array(some))) => {
                there.retain(|one| !some.iter().any(|gone| text(gone, "value") == text(one, "value")));
            }
            _ => {
                if let Some(object) = resource.as_object_mut() {
                    object.remove(name);
                }
            }
        },
        Target::Part(name, part) => {
            if let Some(object) = resource.get_mut(name).and_then(Value::as_object_mut) {
                object.remove(part);
            }
        }
        Target::Value(name, gone) => {
            if let Some(there) = resource.get_mut(name).and_then(Value::as_array_mut) {
                there.retain(|one| text(one, "value") != gone);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::scim_service::resource::{GROUP_ATTRIBUTES, USER_ATTRIBUTES};

    fn patched(resource: &Value, attributes: &'static [&'static str], operations: &Value) -> Result<Value, Problem> {
        let mut resource = resource.clone();
        apply(&mut resource, &json!({ "Operations": operations }), attributes).map(|()| resource)
    }

    #[test]
    fn members_come_and_go() {
        let group = json!({ "displayName": "G", "members": [{ "value": "1" }, { "value": "2" }] });
        let add = json!([{ "op": "Add", "path": "members", "value": [{ "value": "3" }] }]);
        assert_eq!(patched(&group, GROUP_ATTRIBUTES, &add).unwrap()["members"].as_array().unwrap().len(), 3);
        for gone in [
            json!([{ "op": "remove", "path": "members[value eq \"1\"]" }]),
            json!([{ "op": "remove", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq \"1\"]" }]),
            json!([{ "op": "Remove", "path": "members", "value": [{ "value": "1" }] }]),
        ] {
            assert_eq!(
                patched(&group, GROUP_ATTRIBUTES, &gone).unwrap()["members"],
                json!([{ "value": "2" }]),
                "{gone}"
            );
        }
        let all = json!([{ "op": "remove", "path": "members" }]);
        assert!(patched(&group, GROUP_ATTRIBUTES, &all).unwrap().get("members").is_none());
        let replace = json!([{ "op": "replace", "value": { "members": [{ "value": "9" }] } }]);
        assert_eq!(patched(&group, GROUP_ATTRIBUTES, &replace).unwrap()["members"], json!([{ "value": "9" }]));
    }

    #[test]
    fn users_change_in_part_and_as_a_whole() {
        let user = json!({ "userName": "ann", "active": true, "name": { "givenName": "Ann" } });
        let off = json!([{ "op": "replace", "path": "active", "value": false }]);
        assert_eq!(patched(&user, USER_ATTRIBUTES, &off).unwrap()["active"], false);
        let name = json!([{ "op": "replace", "path": "name.familyName", "value": "Berg" }]);
        assert_eq!(
            patched(&user, USER_ATTRIBUTES, &name).unwrap()["name"],
            json!({ "givenName": "Ann", "familyName": "Berg" })
        );
        let several = json!([{ "op": "add", "value": { "title": "Engineer", "ACTIVE": false } }]);
        let found = patched(&user, USER_ATTRIBUTES, &several).unwrap();
        assert_eq!((found["title"].as_str(), &found["active"]), (Some("Engineer"), &json!(false)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let user = json!({ "userName": "ann" });
        for wrong in [
            json!([]),
            json!([{ "op": "move", "path": "userName", "value": "x" }]),
            json!([{ "op": "remove" }]),
            json!([{ "op": "add", "path": "id", "value": "x" }]),
            json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "x" }]),
            json!([{ "op": "add", "path": "userName" }]),
        ] {
            assert!(patched(&user, USER_ATTRIBUTES, &wrong).is_err(), "{wrong}");
        }
    }
}
