//! `auth api-user`: sign in as an agent.

use crate::{
    args::ApiUserArgs,
    credentials::Identity,
    failure::Failure,
    input,
    output::Output,
    settings::{self, Settings},
};
use serde::Serialize;
use stronghold_sdk::protocol::{
    id::{AgentId, OrgId},
    token::TokenUrl,
};

#[derive(Serialize)]
struct SignedIn {
    kind: &'static str,
    id: AgentId,
    name: Option<String>,
    org_id: OrgId,
    url: String,
    credentials: String,
}

/// Runs the command: parses the token, asks the server whether it serves this agent, keeps the token.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &ApiUserArgs) -> Result<(), Failure> {
    let text = match input::given(args.token.as_ref()) {
        Some("-") => input::word(&input::standard_input(64 * 1024)?, "standard input")?,
        Some(token) => zeroize::Zeroizing::new(token.to_owned()),
        None => match input::variable("API_STRONGHOLD_TOKEN_FILE")? {
            Some(file) => input::word(&input::file(file.as_ref(), 64 * 1024)?, "the token file")?,
            None => {
                return Err(Failure::usage(
                    "which token? say --token <AGENT_TOKEN>, or --token - to read it from standard input",
                ));
            }
        },
    };
    let token = settings::parse_token(&text)?;
    let (id, org) = (token.agent, token.org);
    let url = settings.url(token.url.as_ref().map(TokenUrl::as_str))?;
    let given = input::given(settings.global.url.as_ref()).map(str::to_owned);
    let name = if args.offline {
        None
    } else {
        let agent = settings.agent(token, Some(&url))?;
        Some(agent.who_am_i().await?.name)
    };
    let mut credentials = settings.credentials()?;
    credentials.sign_in(Identity::Agent { id, org, name: name.clone(), url: given, token: text.to_string() })?;
    let path = credentials.path().display().to_string();
    let signed_in = SignedIn { kind: "agent", id, name, org_id: org, url, credentials: path };
    output.result(&signed_in, || {
        format!(
            "Signed in as agent {} at {}.\nIts token is kept in {} (mode 0600).",
            signed_in.name.as_deref().map_or_else(|| id.to_string(), |name| format!("{name:?}")),
            signed_in.url,
            signed_in.credentials
        )
    })
}
