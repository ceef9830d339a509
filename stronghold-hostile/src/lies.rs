//! What each lie does to an answer.

mod accounts;
mod audit;
mod directory;
mod forms;
mod keys;
mod manifests;
mod secrets;

use crate::{Asked, Lie, operator::Operator, route::Route};
use serde_json::Value;
use stronghold_protocol::id::OrgId;

/// What was asked.
pub(crate) struct Question<'a> {
    pub(crate) asked: Asked<'a>,
    pub(crate) route: Route,
    pub(crate) org: Option<OrgId>,
}

/// Tells a lie, where it can be told in this answer: nothing where it cannot, the bytes where JSON cannot hold it.
pub(crate) fn told(
    operator: &mut Operator,
    lie: Lie,
    question: &Question<'_>,
    json: &mut Value,
) -> Option<Option<Vec<u8>>> {
    if lie == Lie::MemberTwice {
        return forms::member_twice(question, json).map(Some);
    }
    let told = directory::tell(operator, lie, question, json)
        .or_else(|| keys::tell(operator, lie, question, json))
        .or_else(|| secrets::tell(operator, lie, question, json))
        .or_else(|| manifests::tell(operator, lie, question, json))
        .or_else(|| audit::tell(operator, lie, question, json))
        .or_else(|| accounts::tell(operator, lie, question, json))
        .or_else(|| forms::tell(operator, lie, question, json));
    told.map(|()| None)
}

/// Reads a part of an answer as what it is, changes that, and puts it back.
fn typed<T, R>(json: &mut Value, change: impl FnOnce(&mut T) -> R) -> R
where
    T: serde::de::DeserializeOwned + serde::Serialize,
{
    let mut value: T = serde_json::from_value(json.clone()).unwrap();
    let result = change(&mut value);
    *json = serde_json::to_value(&value).unwrap();
    result
}
