//! `quickstart`: from nothing to a working organization, and an agent that reads from it.

mod server;

use super::{
    agent::Minted,
    org_create::{create, read_code},
    special_names,
};
use crate::{
    args::QuickstartArgs,
    credentials::create_private_folder,
    failure::Failure,
    input,
    output::Output,
    settings::{Settings, token_url},
    shown::lines,
};
use serde::de::IgnoredAny;
use server::Server;
use std::{
    ffi::{OsStr, OsString},
    io::{self, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Output as Finished, Stdio},
};
use stronghold_sdk::{
    admin::{Access, Edit, NewAgent, NewSecret},
    format::{self, Format},
    protocol::{
        crypto::random,
        directory::Conditions,
        encoding::base64url,
        json::{self, Pairs},
        name::{Name, SecretName},
    },
};
use zeroize::Zeroizing;

const PROFILE: &str = "production";
const OWNER: &str = "owner@quickstart.example";
const SAMPLE: &str = include_str!("quickstart/sample.env");

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &QuickstartArgs) -> Result<(), Failure> {
    let folder = match &args.data_dir {
        Some(folder) => folder.clone(),
        None => new_folder()?,
    };
    create_private_folder(&folder)?;
    output.say(format!("1. Start a server on SQLite in {}", folder.display()));
    let server = Server::start(&folder.join("server"), &args.listen).await?;
    output.say(format!("   it listens on {}", server.url));
    let minted = set_up(settings, output, args, &folder, &server).await?;
    as_agent(output, &folder, &minted)?;
    if args.once {
        server.stop().await?;
        output.say(lines!["", "Done. The server was stopped."]);
    } else {
        output.say(lines![
            "",
            format!("Serving on {} until Ctrl-C. Manage it from another terminal with", server.url),
            format!("  export API_STRONGHOLD_CONFIG_DIR={}", folder.join("owner").display()),
        ]);
        server.serve().await?;
    }
    Ok(())
}

/// Creates organization, owner, profile, group and agent, and imports the secrets.
async fn set_up(
    settings: &Settings,
    output: &Output,
    args: &QuickstartArgs,
    folder: &Path,
    server: &Server,
) -> Result<Minted, Failure> {
    let mut global = settings.global.clone();
    global.url = Some(server.url.clone());
    global.config_dir = Some(folder.join("owner"));
    let owner = Settings::new(global);
    output.say("2. Create the organization Quickstart with an owner, who is signed in");
    let password = match input::variable("API_STRONGHOLD_PASSWORD")? {
        Some(password) => Zeroizing::new(password),
        None => Zeroizing::new(base64url(&*random::secret::<24>().map_err(stronghold_sdk::Error::from)?)),
    };
    let code = read_code(&folder.join("server").join("setup-code"))?;
    let created = create(&owner, &server.url, "Quickstart", OWNER, password.clone(), code).await?;
    keep_keys(folder, &created, &password)?;
    output.say(format!(
        "   password, account key and recovery kit are in {} (mode 0600)",
        folder.join("owner-keys.json").display()
    ));
    let mut session = owner.session_without_environment().await?;
    output.say(format!("3. Create the profile {PROFILE} and import secrets into it"));
    let profile = session.create_profile(name(PROFILE)?).await?;
    let edit = import(args.import.as_deref())?;
    special_names::warn(output, edit.set.keys().map(SecretName::expose));
    let outcome = session.edit(profile, &edit, false).await?;
    output.say(format!("   {} secrets, encrypted on this machine", outcome.created));
    output.say("4. Create the group deploy, grant it the profile, create an agent in it");
    let group = session.create_group(name("deploy")?).await?;
    session.grant(group, profile, Access::Read).await?;
    let agent = NewAgent {
        name: name("CI/CD Pipeline")?,
        groups: vec![group],
        conditions: Conditions::default(),
        url: token_url(&server.url),
    };
    Ok(session.create_agent(agent).await?.into())
}

/// Runs the three commands of an agent, each as a process of its own, and shows what they print.
fn as_agent(output: &Output, folder: &Path, minted: &Minted) -> Result<(), Failure> {
    let program =
        std::env::current_exe().map_err(|error| Failure::local("this program's file cannot be found", &error))?;
    let env_file = folder.join(".env");
    let pulled = env_file.display().to_string();
    // The token goes to the first one's standard input: every user of this machine can list the arguments of processes.
    let commands: [&[&str]; 3] = [
        &["auth", "api-user", "--token", "-"],
        &["env", "pull", "--profile", PROFILE, "--format", "json"],
        &["env", "pull", "--profile", PROFILE, "-o", &pulled],
    ];
    output.say("5. As that agent:");
    for arguments in commands {
        let typed: Vec<&str> = arguments.iter().map(|word| if *word == "-" { "<AGENT_TOKEN>" } else { word }).collect();
        output.say(format!("   $ api-stronghold-cli {}", typed.join(" ")));
        let mut command = Command::new(&program);
        command.args(arguments);
        without_ours(|name| {
            command.env_remove(name);
        });
        command.env("API_STRONGHOLD_CONFIG_DIR", folder.join("agent"));
        let input = if arguments.contains(&"-") { minted.token.as_str() } else { "" };
        let run = fed(command, input).map_err(|error| Failure::local("the command cannot be started", &error))?;
        if !run.status.success() {
            return Err(Failure::invalid(format!(
                "the agent's command failed: {}",
                String::from_utf8_lossy(&run.stderr).trim()
            )));
        }
        let said = if arguments.contains(&"json") { names_of(&run.stdout)? } else { text_of(&run.stdout, &run.stderr) };
        for line in said.lines() {
            output.say(format!("     {line}"));
        }
    }
    Ok(())
}

/// Runs a command with this on its standard input.
fn fed(mut command: Command, input: &str) -> io::Result<Finished> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // As short as a token is, it fits into the pipe; a child that ended without reading tells why itself.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}

/// Names every variable of ours that is set, for a child that is not to have it: who acts, passwords, keys.
fn without_ours(mut remove: impl FnMut(OsString)) {
    std::env::vars_os().map(|(name, _)| name).filter(|name| is_ours(name)).for_each(&mut remove);
}

fn is_ours(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b"API_STRONGHOLD_")
}

/// The names of pulled secrets: a demonstration does not put values on a screen.
fn names_of(pulled: &[u8]) -> Result<String, Failure> {
    let pulled: Pairs<IgnoredAny> =
        json::from_slice(pulled).map_err(|error| Failure::local("the pulled secrets are not JSON", &error))?;
    let names: Vec<&str> = pulled.0.iter().map(|(name, _)| name.as_str()).collect();
    Ok(format!("pulled {} secrets: {}", names.len(), names.join(", ")))
}

fn text_of(stdout: &[u8], stderr: &[u8]) -> String {
    format!("{}{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr))
}

fn import(file: Option<&Path>) -> Result<Edit, Failure> {
    let (bytes, shown) = match file {
        Some(file) => (input::file(file, 64 * 1024 * 1024)?, file.display().to_string()),
        None => (Zeroizing::new(SAMPLE.as_bytes().to_vec()), "the sample".to_owned()),
    };
    let entries =
        format::parse(&bytes, Format::Dotenv).map_err(|error| Failure::invalid(format!("{shown}: {error}")))?;
    let mut edit = Edit::default();
    for (name, value) in entries {
        let name = SecretName::new(&name).map_err(|error| Failure::invalid(format!("{shown}: {error}")))?;
        edit.set.insert(name, NewSecret { value, note: None });
    }
    Ok(edit)
}

fn keep_keys(folder: &Path, created: &super::org_create::Created, password: &str) -> Result<(), Failure> {
    let keys = serde_json::json!({
        "email": OWNER,
        "password": password,
        "account_key": created.account_key,
        "recovery_kit": created.recovery_kit,
    });
    crate::files::write_private(&folder.join("owner-keys.json"), keys.to_string().as_bytes())
}

fn name(text: &str) -> Result<Name, Failure> {
    Name::new(text).map_err(|error| Failure::usage(error.to_string()))
}

fn new_folder() -> Result<PathBuf, Failure> {
    tempfile::Builder::new()
        .prefix("stronghold-quickstart-")
        .tempdir()
        .map(tempfile::TempDir::keep)
        .map_err(|error| Failure::local("no new folder can be made; say --data-dir", &error))
}
