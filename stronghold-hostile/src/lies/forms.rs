//! Lies in the form of an answer.

use super::Question;
use crate::{Lie, operator::Operator, route::Route};
use serde_json::Value;

/// What is left of the forms: those of signed payloads are told with the statements.
pub(super) fn tell(_: &Operator, lie: Lie, question: &Question<'_>, json: &mut Value) -> Option<()> {
    if lie == Lie::NotCanonical && question.route == Route::LoginStart {
        json["login"] = format!("{}=", json["login"].as_str()?).into();
        return Some(());
    }
    None
}

/// The first member of an answer, twice.
pub(super) fn member_twice(question: &Question<'_>, json: &Value) -> Option<Vec<u8>> {
    if question.route == Route::Other {
        return None;
    }
    let (name, value) = json.as_object()?.iter().next()?;
    let text = json.to_string();
    Some(format!("{{{}:{value},{}", Value::from(name.as_str()), &text[1..]).into_bytes())
}
