//! `auth api-user`: sign in as an agent.

use crate::{
    args::ApiUserArgs,
    credentials::Identity,
    failure::Failure,
    input::{self, WORD_BYTES},
    output::Output,
    settings::{self, Settings},
    shown::{self, lines},
};
use serde::Serialize;
use std::{
    io::{self, IsTerminal},
    path::Path,
};
use stronghold_sdk::protocol::{
    id::{AgentId, OrgId},
    token::TokenUrl,
};
use zeroize::Zeroizing;

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
    let text = token_of(output, args)?;
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
        let name = signed_in.name.as_deref().map_or_else(|| id.to_string(), |name| format!("{name:?}"));
        lines![
            format!("Signed in as agent {name} at {}.", signed_in.url),
            format!("Its token is kept in {} (mode 0600).", signed_in.credentials),
        ]
    })
}

/// The token: of a flag, a variable, a file, or a prompt. As an argument it is accepted everywhere, also in the build of an
/// image; who typed it at a terminal is told where it now is.
fn token_of(output: &Output, args: &ApiUserArgs) -> Result<Zeroizing<String>, Failure> {
    let of_file = |file: &Path| input::word(&input::file(file, WORD_BYTES)?, &file.display().to_string());
    match (input::given(args.token.as_ref()), &args.token_file) {
        (Some("-"), _) => return input::word(&input::standard_input(WORD_BYTES)?, "standard input"),
        (Some(token), _) => {
            if io::stdin().is_terminal() && shown::is_watched() {
                output.warn(
                    "the token is in the shell's history now, and was in the list of processes: leave --token out to be \
                     asked for it, or use --token - or --token-file FILE",
                );
            }
            return Ok(Zeroizing::new(token.to_owned()));
        }
        (None, Some(file)) => return of_file(file),
        (None, None) => {}
    }
    if let Some(token) = input::variable("API_STRONGHOLD_TOKEN")? {
        return Ok(Zeroizing::new(token.trim().to_owned()));
    }
    if let Some(file) = input::variable("API_STRONGHOLD_TOKEN_FILE")? {
        return of_file(Path::new(&file));
    }
    if io::stdin().is_terminal() {
        return input::ask_word("token");
    }
    Err(Failure::usage("which token? say --token <AGENT_TOKEN>, --token - for standard input, or --token-file FILE"))
}
