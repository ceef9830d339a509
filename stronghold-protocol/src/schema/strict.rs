//! Makes a derived schema as strict as the decoder.

use crate::{json::EXCEPTIONS, number::MAX_SAFE_INTEGER};
use serde_json::{Map, Value, json};

/// Restricts the schema of the type `name` to what the decoder reads.
pub(super) fn restrict(name: &str, schema: &mut Value) {
    let exception = EXCEPTIONS.iter().find(|exception| exception.name == name);
    let (optional, open) = exception.map_or((&[][..], false), |exception| (exception.optional, exception.open));
    walk(schema, optional, open);
    if name == "RecordSchema" {
        *schema = json!({"type": "integer", "const": 1});
    }
}

fn walk(schema: &mut Value, optional: &[&str], open: bool) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                object(members, optional, open);
            }
            if members.get("type").is_some_and(|kind| is_of(kind, "integer")) && !members.contains_key("const") {
                integer(members);
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = plain(text);
            }
            members.values_mut().for_each(|value| walk(value, &[], open));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, optional, open)),
        _ => {}
    }
}

/// Every member is there but for the optional ones, which are never `null`; no other is.
fn object(members: &mut Map<String, Value>, optional: &[&str], open: bool) {
    let Some(Value::Object(properties)) = members.get_mut("properties") else { return };
    let names: Vec<String> = properties.keys().filter(|name| !optional.contains(&name.as_str())).cloned().collect();
    for (name, property) in properties.iter_mut() {
        if optional.contains(&name.as_str()) {
            without_null(property);
        }
    }
    if !names.is_empty() {
        members.insert("required".to_owned(), json!(names));
    }
    if !open {
        members.insert("additionalProperties".to_owned(), json!(false));
    }
}

fn integer(members: &mut Map<String, Value>) {
    let unsigned = members.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint"));
    members.remove("format");
    if unsigned {
        members.entry("minimum").or_insert(json!(0));
    }
    members.entry("maximum").or_insert(json!(MAX_SAFE_INTEGER));
}

fn without_null(property: &mut Value) {
    let Value::Object(members) = property else { return };
    members.remove("default");
    if let Some(Value::Array(kinds)) = members.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [one] = kinds.as_slice() {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({"type": "null"}));
        if let [Value::Object(one)] = choices.as_slice() {
            let one = one.clone();
            members.remove("anyOf");
            members.extend(one);
        }
    }
}

fn is_of(kind: &Value, name: &str) -> bool {
    match kind {
        Value::String(text) => text == name,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        _ => false,
    }
}

/// A description without the marks of links between items of Rust, and without their paths.
fn plain(text: &str) -> String {
    let text = text.replace("[`", "`").replace("`]", "`").replace('\n', " ");
    let pieces = text.split('`').enumerate().map(|(index, piece)| match piece.rsplit_once("::") {
        Some((_, name)) if index % 2 == 1 => name,
        _ => piece,
    });
    pieces.collect::<Vec<_>>().join("`")
}
