//! `secret`: single secrets of a profile.

use super::{exposed, secret_past, source, special_names};
use crate::{
    acting::{Acting, Freshness},
    args::{SecretCommand, SecretSetArgs},
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
    shown,
};
use data_encoding::BASE64;
use serde::Serialize;
use std::io::{self, IsTerminal};
use stronghold_sdk::{
    PullOptions, Secret,
    admin::{Edit, NewSecret},
    open::SecretKind,
    protocol::{id::SecretId, limits, name::SecretName, time::Timestamp},
};
use zeroize::Zeroizing;

#[derive(Serialize)]
struct Listed {
    secret_id: SecretId,
    name: String,
    version: u64,
    updated_at: Timestamp,
    kind: SecretKind,
    /// What a reference refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(settings: &Settings, output: &Output, command: SecretCommand) -> Result<(), Failure> {
    match command {
        SecretCommand::Set(args) => set(settings, output, &args).await,
        SecretCommand::Get { name, at, base64, version: Some(version), .. } => {
            let profile = settings.profile(at.profile.as_ref())?;
            secret_past::get(settings, output, profile, &name, version, base64).await
        }
        SecretCommand::Get { name, at, base64, version: None, references } => {
            let profile = settings.profile(at.profile.as_ref())?;
            let value = value_of(settings, profile, &name, &source::pull_options(&references)?).await?;
            print_value(output, &name, &value, base64)
        }
        SecretCommand::List { at, exposed: true, .. } => exposed::list(settings, output, &at).await,
        SecretCommand::List { at, deleted: true, .. } => secret_past::list_deleted(settings, output, &at).await,
        SecretCommand::List { at, .. } => {
            let secrets = source::pull_in(settings, &at).await?;
            let listed: Vec<Listed> = secrets
                .iter()
                .map(|(name, secret)| Listed {
                    secret_id: secret.id(),
                    name: name.expose().to_owned(),
                    version: secret.version().get(),
                    updated_at: secret.updated_at(),
                    kind: secret.kind(),
                    reference: reference_of(secret),
                    note: secret.note().map(str::to_owned),
                })
                .collect();
            output.result(&listed, || {
                let rows: Vec<Vec<String>> = listed.iter().map(listed_row).collect();
                table(&["NAME", "VERSION", "UPDATED", "KIND"], &rows)
            })
        }
        SecretCommand::History(args) => secret_past::history(settings, output, &args).await,
        SecretCommand::Rollback(args) => secret_past::rollback(settings, output, &args).await,
        SecretCommand::Restore(args) => secret_past::restore(settings, output, &args).await,
        SecretCommand::Copy(args) => secret_past::copy(settings, output, &args).await,
        SecretCommand::Purge(args) => secret_past::purge(settings, output, &args).await,
        SecretCommand::Delete { name, at, yes } => {
            let profile = settings.profile(at.profile.as_ref())?;
            input::confirm(&format!("Delete secret {name} of {profile}?"), yes, &settings.global)?;
            let edit = Edit { delete: vec![secret_name(&name)?], ..Edit::default() };
            let revision = write(settings, profile, &edit).await?;
            output.result(&serde_json::json!({"name": name, "profile": profile, "revision": revision}), || {
                format!("Secret {name} was deleted; {profile} is now at revision {revision}.")
            })
        }
    }
}

async fn set(settings: &Settings, output: &Output, args: &SecretSetArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.at.profile.as_ref())?;
    let name = secret_name(&args.name)?;
    special_names::warn(output, [name.expose()]);
    let note = args.note.clone().map(Zeroizing::new);
    let mut edit = Edit::default();
    if let Some(text) = &args.reference {
        let target = text.parse().map_err(|error| Failure::usage(format!("--reference {text:?}: {error}")))?;
        edit.refer.insert(name, (target, note));
    } else {
        edit.set.insert(name, NewSecret { value: value_to_set(args)?, note });
    }
    let revision = write(settings, profile, &edit).await?;
    output.result(&serde_json::json!({"name": args.name, "profile": profile, "revision": revision}), || {
        format!("Secret {} was set; {profile} is now at revision {revision}.", args.name)
    })
}

fn value_to_set(args: &SecretSetArgs) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let from_stdin = match &args.value {
        Some(value) if value != "-" => {
            // It is not repeated: the error is on a screen, and may be in a log.
            return Err(Failure::usage(
                "a secret's value is no argument: it would be in the shell's history and in the list of processes",
            )
            .with_hint("Leave it out to be asked for it, write - for standard input, or say --file FILE."));
        }
        given => given.is_some() || args.stdin,
    };
    match &args.file {
        Some(file) => input::file(file, limits::SECRET_VALUE_BYTES),
        None if from_stdin || !io::stdin().is_terminal() => input::standard_input(limits::SECRET_VALUE_BYTES),
        None => {
            let typed = shown::ask_secret(&format!("Value of {}: ", args.name))
                .map_err(|error| Failure::local("the value cannot be read", &error))?;
            Ok(Zeroizing::new(typed.as_bytes().to_vec()))
        }
    }
}

fn listed_row(secret: &Listed) -> Vec<String> {
    let kind = match &secret.reference {
        Some(target) => format!("reference to {target}"),
        None => "value".to_owned(),
    };
    vec![secret.name.clone(), secret.version.to_string(), secret.updated_at.to_string(), kind]
}

/// The target of a reference.
fn reference_of(secret: &Secret) -> Option<String> {
    (secret.kind() == SecretKind::Reference).then(|| String::from_utf8_lossy(secret.expose()).into_owned())
}

async fn write(settings: &Settings, profile: &str, edit: &Edit) -> Result<u64, Failure> {
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    Ok(session.edit(id, edit, false).await?.revision.get())
}

async fn value_of(
    settings: &Settings,
    profile: &str,
    name: &str,
    options: &PullOptions,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let missing = || {
        Failure::not_found("secret", name).with_hint(format!("`secret list --profile {profile}` shows what there is."))
    };
    if let Acting::Agent { token, url, .. } = settings.acting()? {
        let agent = settings.agent(token, url.as_deref())?;
        let secret = agent.get_with(profile, name, options).await.map_err(source::as_agent)?;
        return secret.map(|secret| Zeroizing::new(secret.expose().to_vec())).ok_or_else(missing);
    }
    let wanted = name.to_owned();
    let options = options.clone().only(move |other| other == wanted);
    let secrets = source::pull(settings, profile, Freshness::default(), &options).await?;
    secrets.get(name).map(|secret| Zeroizing::new(secret.expose().to_vec())).ok_or_else(missing)
}

/// Prints a value: its exact bytes, or base64, or JSON.
pub(super) fn print_value(output: &Output, name: &str, value: &[u8], base64: bool) -> Result<(), Failure> {
    if output.is_json() {
        let value = match std::str::from_utf8(value) {
            Ok(text) if !base64 => serde_json::json!(text),
            _ => serde_json::json!({"base64": BASE64.encode(value)}),
        };
        return output.result(&serde_json::json!({"name": name, "value": value}), String::new);
    }
    if base64 {
        return output.value(format!("{}\n", BASE64.encode(value)).as_bytes());
    }
    output.value(value)
}

/// A secret's name as a person typed it.
pub(super) fn secret_name(text: &str) -> Result<SecretName, Failure> {
    SecretName::new(text).map_err(|error| Failure::usage(format!("{text:?}: {error}")))
}
