//! `auth status`: who is acting, and what they can read.

use crate::{
    acting::Acting,
    failure::Failure,
    output::Output,
    settings::Settings,
    shown::{Lines, lines},
};
use serde::Serialize;
use stronghold_sdk::protocol::{id::OrgId, token::TokenUrl};

#[derive(Serialize)]
struct Status {
    kind: &'static str,
    id: Option<String>,
    name: Option<String>,
    org_id: Option<OrgId>,
    url: Option<String>,
    profiles: Vec<String>,
    source: Option<String>,
    credentials: String,
}

/// Runs the command. Nobody being signed in is an answer, not a failure.
pub(crate) async fn run(settings: &Settings, output: &Output) -> Result<(), Failure> {
    let credentials = settings.credentials()?.path().display().to_string();
    let status = match settings.acting() {
        Ok(Acting::Agent { token, source, url }) => {
            let id = token.agent.to_string();
            let org = token.org;
            let used = settings.url(url.as_deref().or(token.url.as_ref().map(TokenUrl::as_str)))?;
            let agent = settings.agent(token, Some(&used))?;
            let name = agent.who_am_i().await?.name;
            let profiles = agent.profiles().await?.into_iter().map(|profile| profile.name.to_string()).collect();
            Status {
                kind: "agent",
                id: Some(id),
                name: Some(name),
                org_id: Some(org),
                url: Some(used),
                profiles,
                source: Some(source.to_owned()),
                credentials,
            }
        }
        Ok(Acting::User { account, url }) => {
            let session = settings.session().await?;
            let profiles = session.directory().profiles().map(|profile| profile.name.to_string()).collect();
            Status {
                kind: "user",
                id: Some(account.user.to_string()),
                name: Some(account.email.to_string()),
                org_id: Some(account.org),
                url: Some(settings.url(url.as_deref())?),
                profiles,
                source: Some("the configuration folder".to_owned()),
                credentials,
            }
        }
        Err(failure) if failure.is_signed_out() => Status {
            kind: "none",
            id: None,
            name: None,
            org_id: None,
            url: None,
            profiles: Vec::new(),
            source: None,
            credentials,
        },
        Err(failure) => return Err(failure),
    };
    output.result(&status, || text(&status))
}

fn text(status: &Status) -> Lines {
    let shown = |value: &Option<String>| value.clone().unwrap_or_default();
    if status.kind == "none" {
        return lines![
            "Nobody is signed in.",
            format!("Credentials would be kept in {} (mode 0600).", status.credentials),
        ];
    }
    let profiles = if status.profiles.is_empty() { "none".to_owned() } else { status.profiles.join(", ") };
    lines![
        format!("{} {}", status.kind, shown(&status.name)),
        format!("  id:           {}", shown(&status.id)),
        format!("  organization: {}", status.org_id.map(|org| org.to_string()).unwrap_or_default()),
        format!("  server:       {}", shown(&status.url)),
        format!("  identity of:  {}", shown(&status.source)),
        format!("  credentials:  {} (mode 0600)", status.credentials),
        format!("  profiles:     {profiles}"),
    ]
}
