//! Secrets at start-up: a typed struct, or a map, filled from a profile.

mod fields;

use crate::{Agent, error::Error, reader::ProfileReader};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Pulls a profile and fills a struct from it.
///
/// A field `database_url` takes the secret `DATABASE_URL` (or one named exactly like the field). Text becomes strings,
/// numbers and booleans as the field's type asks for; a field with `Option` may be missing; secrets without a field are
/// passed over. Use [`SecretString`] for what must not show up in a log.
///
/// # Errors
/// As [`Agent::pull`]; [`Error::Invalid`] naming the secret that is missing or of another type, never its value.
///
/// ```no_run
/// # async fn run() -> Result<(), stronghold_sdk::Error> {
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     database_url: secrecy::SecretString,
///     workers: u16,
/// }
/// let settings: Settings = stronghold_sdk::loader::load(&stronghold_sdk::Agent::from_env()?, "production").await?;
/// # let _ = (settings.database_url, settings.workers); Ok(()) }
/// ```
pub async fn load<S: DeserializeOwned, R: ProfileReader>(agent: &Agent<R>, profile: &str) -> Result<S, Error> {
    let secrets = agent.pull(profile).await?;
    fields::fill(&secrets)
}

/// Pulls a profile as a map from names to hidden texts.
///
/// # Errors
/// As [`Agent::pull`]; [`Error::Invalid`] naming a secret that is not UTF-8 text.
pub async fn map<R: ProfileReader>(agent: &Agent<R>, profile: &str) -> Result<BTreeMap<String, SecretString>, Error> {
    let secrets = agent.pull(profile).await?;
    secrets
        .iter()
        .map(|(name, secret)| {
            let text = secret.to_secret_string();
            let text = text.ok_or_else(|| Error::invalid(format!("{} is not UTF-8 text", name.expose())))?;
            Ok((name.expose().to_owned(), text))
        })
        .collect()
}
