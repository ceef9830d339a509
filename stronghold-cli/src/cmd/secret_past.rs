//! `secret history`, `rollback`, `restore`, `copy` and `purge`: a secret's versions over time.

use crate::{
    args::{CopyArgs, InProfile, PastSecretArgs, PurgeArgs, RollbackArgs},
    cmd::{
        secret::{print_value, secret_name},
        special_names,
    },
    failure::Failure,
    input,
    output::{Output, table},
    settings::Settings,
};
use serde::Serialize;
use stronghold_sdk::{
    admin::{PurgeWhich, SecretHistory, SecretVersion, VersionState},
    protocol::{
        directory::Directory,
        id::{SecretId, UserId},
        number::Version,
        time::Timestamp,
    },
};

#[derive(Serialize)]
struct Shown<'a> {
    profile: &'a str,
    name: Option<&'a str>,
    secret_id: SecretId,
    deleted_at_revision: Option<u64>,
    /// Other secrets that once had the name.
    others: &'a [SecretId],
    versions: Vec<ShownVersion>,
}

#[derive(Serialize)]
struct ShownVersion {
    version: u64,
    revision: u64,
    author: String,
    time: Timestamp,
    state: &'static str,
    /// The owner's statement that purged it, and its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    purged: Option<Purged>,
}

#[derive(Serialize)]
struct Purged {
    statement: u64,
    time: Timestamp,
}

impl ShownVersion {
    fn of(version: &SecretVersion, directory: &Directory) -> Self {
        let (state, purged) = match version.state {
            VersionState::Current => ("current", None),
            VersionState::Kept => ("kept", None),
            VersionState::Purged(tombstone) => {
                ("purged", Some(Purged { statement: tombstone.seq.get(), time: tombstone.at }))
            }
        };
        Self {
            version: version.version.get(),
            revision: version.revision.get(),
            author: address_of(directory, version.author),
            time: version.time,
            state,
            purged,
        }
    }
}

/// A user's address, as the directory has it last.
pub(super) fn address_of(directory: &Directory, user: UserId) -> String {
    directory.user(&user).map_or_else(|| user.to_string(), |user| user.email.to_string())
}

/// `secret history`.
pub(super) async fn history(settings: &Settings, output: &Output, args: &PastSecretArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.at.profile.as_ref())?;
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    let past = session.secret_history(id, &args.name).await.map_err(|error| not_found(error, profile))?;
    let shown = shown(profile, Some(&args.name), &past, session.directory());
    output.result(&shown, || {
        let mut text = table(&["VERSION", "WRITTEN", "BY", "REVISION", "STATE"], &rows(&shown));
        if let Some(revision) = shown.deleted_at_revision {
            text.push(format!("Deleted in revision {revision}; `secret restore` brings it back."));
        }
        if !shown.others.is_empty() {
            let ids: Vec<String> = shown.others.iter().map(SecretId::to_string).collect();
            text.push(format!("Earlier secrets had this name: {}.", ids.join(", ")));
        }
        text
    })
}

/// `secret list --deleted`.
pub(super) async fn list_deleted(settings: &Settings, output: &Output, at: &InProfile) -> Result<(), Failure> {
    let profile = settings.profile(at.profile.as_ref())?;
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    let deleted = session.deleted_secrets(id).await.map_err(|error| not_found(error, profile))?;
    let listed: Vec<Shown> = deleted
        .iter()
        .map(|(plain, past)| shown(profile, plain.as_ref().map(|plain| plain.name.expose()), past, session.directory()))
        .collect();
    output.result(&listed, || {
        let row = |secret: &Shown| {
            vec![
                secret.name.unwrap_or("(purged)").to_owned(),
                secret.secret_id.to_string(),
                secret.versions.first().map_or_else(String::new, |newest| newest.version.to_string()),
                secret.deleted_at_revision.map_or_else(String::new, |revision| revision.to_string()),
            ]
        };
        table(&["NAME", "ID", "LAST VERSION", "DELETED IN REVISION"], &listed.iter().map(row).collect::<Vec<_>>())
    })
}

/// `secret get --version`.
pub(super) async fn get(
    settings: &Settings,
    output: &Output,
    profile: &str,
    name: &str,
    version: Version,
    base64: bool,
) -> Result<(), Failure> {
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    let (_, plain) = session.secret_version(id, name, version).await.map_err(|error| not_found(error, profile))?;
    print_value(output, name, &plain.value, base64)
}

/// `secret rollback`.
pub(super) async fn rollback(settings: &Settings, output: &Output, args: &RollbackArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.secret.at.profile.as_ref())?;
    let (name, version) = (&args.secret.name, args.version);
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    let done = session.rollback(id, name, version).await.map_err(|error| not_found(error, profile))?;
    let (revision, changed) = (done.revision.get(), done.updated > 0);
    let result = serde_json::json!({
        "name": name, "profile": profile, "version": version.get(), "revision": revision, "changed": changed,
    });
    output.result(&result, || match changed {
        true => format!("Secret {name} has the value of version {version} again, as a new version; {profile} is now at revision {revision}."),
        false => format!("Secret {name} has the value of version {version} already."),
    })
}

/// `secret restore`.
pub(super) async fn restore(settings: &Settings, output: &Output, args: &PastSecretArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.at.profile.as_ref())?;
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    let done = session.restore_secret(id, &args.name).await.map_err(|error| not_found(error, profile))?;
    let revision = done.revision.get();
    output.result(&serde_json::json!({"name": args.name, "profile": profile, "revision": revision}), || {
        format!("Secret {} is there again, as a new version; {profile} is now at revision {revision}.", args.name)
    })
}

/// `secret copy`.
pub(super) async fn copy(settings: &Settings, output: &Output, args: &CopyArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.at.profile.as_ref())?;
    let name = secret_name(&args.name)?;
    let new_name = secret_name(args.new_name.as_ref().unwrap_or(&args.name))?;
    special_names::warn(output, [new_name.expose()]);
    let mut session = settings.session().await?;
    let from = session.find_profile(profile)?.id;
    let to = session.find_profile(&args.to)?;
    let (to, target) = (to.id, to.name.to_string());
    let done = session.copy_secret(from, &name, to, new_name.clone()).await?;
    let (revision, changed) = (done.revision.get(), done.created + done.updated > 0);
    let result = serde_json::json!({
        "name": new_name.expose(), "profile": target, "revision": revision, "changed": changed,
    });
    output.result(&result, || match changed {
        true => format!("Secret {} was copied to {target}, which is now at revision {revision}.", args.name),
        false => format!("{target} has that value already."),
    })
}

/// `secret purge`.
pub(super) async fn purge(settings: &Settings, output: &Output, args: &PurgeArgs) -> Result<(), Failure> {
    let profile = settings.profile(args.secret.at.profile.as_ref())?;
    let name = &args.secret.name;
    let mut session = settings.session().await?;
    let id = session.find_profile(profile)?.id;
    // What is asked about is what is destroyed: these versions of this secret, whatever is written meanwhile.
    let past = session.secret_history(id, name).await.map_err(|error| not_found(error, profile))?;
    let kept = past.versions.iter().filter(|version| version.state == VersionState::Kept);
    let versions: Vec<Version> =
        if args.all { kept.map(|version| version.version).collect() } else { args.version.clone() };
    if versions.is_empty() {
        return Err(Failure::invalid(format!("there is no version of {name} left to purge")));
    }
    let question = format!("Destroy version {} of {name} ({}) for good?", numbers(&versions), past.id);
    input::confirm(&question, args.yes, &settings.global)?;
    let purged = session.purge(id, &past.id.to_string(), &PurgeWhich::Versions(versions)).await;
    let (secret, versions) = purged.map_err(|error| not_found(error, profile))?;
    let statement = session.directory().head().seq.get();
    let purged: Vec<u64> = versions.iter().map(|version| version.get()).collect();
    let result = serde_json::json!({
        "name": name, "profile": profile, "secret_id": secret, "versions": purged, "statement": statement,
    });
    output.result(&result, || {
        format!("Version {} of {name} was destroyed; statement {statement} says so for good.", numbers(&versions))
    })
}

fn shown<'a>(profile: &'a str, name: Option<&'a str>, past: &'a SecretHistory, directory: &Directory) -> Shown<'a> {
    Shown {
        profile,
        name,
        secret_id: past.id,
        deleted_at_revision: past.deleted.map(|revision| revision.get()),
        others: &past.others,
        versions: past.versions.iter().map(|version| ShownVersion::of(version, directory)).collect(),
    }
}

fn rows(shown: &Shown) -> Vec<Vec<String>> {
    let row = |version: &ShownVersion| {
        vec![
            version.version.to_string(),
            version.time.to_string(),
            version.author.clone(),
            version.revision.to_string(),
            match &version.purged {
                Some(purged) => format!("purged {} (statement {})", purged.time, purged.statement),
                None => version.state.to_owned(),
            },
        ]
    };
    shown.versions.iter().map(row).collect()
}

fn numbers(versions: &[Version]) -> String {
    versions.iter().map(Version::to_string).collect::<Vec<_>>().join(", ")
}

/// What does not exist is answered like what may not be read; a person knows which profiles there are.
pub(super) fn not_found(error: stronghold_sdk::Error, profile: &str) -> Failure {
    if error.problem_code() == Some("not_found") {
        return Failure::refused(format!("you may not read the history of {profile}"))
            .with_hint("An admin grants it to one of your groups with `group grant GROUP PROFILE --access history`.");
    }
    error.into()
}
