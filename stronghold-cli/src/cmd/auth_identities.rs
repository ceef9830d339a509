//! `auth list`, `auth switch` and `auth logout`.

use crate::{
    credentials::Identity,
    failure::Failure,
    output::{Output, table},
    settings::Settings,
};
use serde::Serialize;
use stronghold_sdk::protocol::id::OrgId;

#[derive(Serialize)]
struct Listed {
    kind: &'static str,
    id: String,
    name: Option<String>,
    org_id: OrgId,
    url: Option<String>,
    active: bool,
}

impl Listed {
    fn of(identity: &Identity, active: bool) -> Self {
        Self {
            kind: identity.kind(),
            id: identity.id(),
            name: identity.name().map(str::to_owned),
            org_id: identity.org(),
            url: identity.url().map(str::to_owned),
            active,
        }
    }
}

/// Lists the identities of the configuration folder.
pub(crate) fn list(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let credentials = settings.credentials()?;
    let active = credentials.active().map(Identity::id);
    let listed: Vec<Listed> =
        credentials.all().iter().map(|identity| Listed::of(identity, Some(identity.id()) == active)).collect();
    output.result(&listed, || {
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|identity| {
                let mark = if identity.active { "*" } else { "" };
                let name = identity.name.clone().unwrap_or_default();
                vec![mark.to_owned(), identity.kind.to_owned(), name, identity.id.clone()]
            })
            .collect();
        table(&["", "KIND", "NAME", "ID"], &rows)
    })
}

/// Makes another identity the active one.
pub(crate) fn switch(settings: &Settings, output: &Output, text: &str) -> Result<(), Failure> {
    let identity = settings.credentials()?.switch(text)?;
    let listed = Listed::of(&identity, true);
    output
        .result(&listed, || format!("Now acting as {} {}.", listed.kind, listed.name.as_deref().unwrap_or(&listed.id)))
}

/// Forgets an identity, or all of them.
pub(crate) fn logout(settings: &Settings, output: &Output, text: Option<&str>, all: bool) -> Result<(), Failure> {
    let mut credentials = settings.credentials()?;
    if all {
        credentials.clear()?;
        return output.result(&serde_json::json!({"kind": "none"}), || "Forgot every identity.".to_owned());
    }
    let identity = credentials.sign_out(text)?;
    let listed = Listed::of(&identity, false);
    output.result(&listed, || format!("Forgot {} {}.", listed.kind, listed.name.as_deref().unwrap_or(&listed.id)))
}
