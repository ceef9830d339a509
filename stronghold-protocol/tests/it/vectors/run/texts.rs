//! Names, ids, times and addresses: what is one, and what is not.

use super::{Came, why};
use crate::vectors::protocol::{
    directory::Conditions,
    evidence::ProfileSelector,
    id::{OrgId, ProfileId},
    name::{Email, Name, SecretName},
    time::Timestamp,
    token::TokenUrl,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    kind: String,
    text: String,
    /// Of a range: an address that is judged by it.
    address: Option<String>,
}

/// Reads a text as what it is said to be.
pub(super) fn read(case: &Text) -> Came {
    let text = case.text.as_str();
    match case.kind.as_str() {
        "name" => decoded::<Name>(text),
        "email" => decoded::<Email>(text),
        "secret_name" => SecretName::new(text).map(|_| Value::Null).map_err(why),
        "id" => decoded::<ProfileId>(text),
        "org_id" => decoded::<OrgId>(text),
        "time" => {
            let time: Timestamp = text.parse().map_err(why)?;
            Ok(json!({ "milliseconds": time.as_millis() }))
        }
        "profile" => Ok(match text.parse().map_err(why)? {
            ProfileSelector::Id(id) => json!({ "id": id }),
            ProfileSelector::Name(name) => json!({ "name": name }),
        }),
        "range" => {
            let conditions = Conditions { source_cidrs: vec![text.to_owned()], ..Conditions::default() };
            if !conditions.are_well_formed() {
                return Err(why("it is no range of addresses"));
            }
            let address = case.address.as_deref().map(str::parse).transpose().map_err(why)?;
            Ok(address.map_or(Value::Null, |address| json!({ "allows": conditions.allow_address(address) })))
        }
        "url" => TokenUrl::new(text).map(|_| Value::Null).map_err(why),
        other => Err(format!("no text is a {other}")),
    }
}

/// As it stands in JSON of the protocol, which holds normalized names only.
fn decoded<T: DeserializeOwned>(text: &str) -> Came {
    T::deserialize(&Value::from(text)).map(|_| Value::Null).map_err(why)
}
