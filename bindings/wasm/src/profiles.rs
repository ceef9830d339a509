//! Deployment profiles, and the secrets that are open.

use crate::{
    convert::{Listener, invalid, name, parse, to_js},
    error::Outcome,
    session::{Open, Session},
    shown::{NamedGroup, named_groups},
};
use data_encoding::BASE64;
use js_sys::Function;
use serde::Serialize;
use std::collections::BTreeMap;
use stronghold_sdk::{
    Error, ReadableProfile,
    open::{OpenedProfile, PlainSecret, SecretKind},
    protocol::{
        directory::{Directory, Profile, Role},
        id::{ProfileId, SecretId},
        time::Timestamp,
    },
};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

#[derive(Serialize)]
struct Listed {
    profile_id: ProfileId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    epoch: u64,
    rekeying: bool,
    readable: bool,
    writable: bool,
    history: bool,
    /// Whether this device knows another profile by that name.
    replaced: bool,
    groups: Vec<NamedGroup>,
}

#[derive(Serialize)]
struct Created {
    profile_id: ProfileId,
}

#[derive(Serialize)]
struct Opened {
    profile_id: ProfileId,
    name: String,
    revision: u64,
    rekeying: bool,
    secrets: Vec<ListedSecret>,
}

#[derive(Serialize)]
struct ListedSecret {
    secret_id: SecretId,
    name: String,
    version: u64,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Zeroizing<String>>,
    updated_at: Timestamp,
    bytes: usize,
}

/// A value on its way out.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShownValue {
    Text(Zeroizing<String>),
    Base64(Zeroizing<String>),
}

impl ShownValue {
    pub(crate) fn of(plain: &PlainSecret) -> Self {
        match std::str::from_utf8(&plain.value) {
            Ok(text) => Self::Text(Zeroizing::new(text.to_owned())),
            Err(_) => Self::Base64(Zeroizing::new(BASE64.encode(&plain.value))),
        }
    }
}

impl Opened {
    fn of(id: ProfileId, opened: &OpenedProfile) -> Self {
        let manifest = opened.manifest().value();
        let mut secrets: Vec<ListedSecret> = opened
            .iter()
            .map(|(sealed, plain)| ListedSecret {
                secret_id: sealed.id,
                name: plain.name.expose().to_owned(),
                version: sealed.version.get(),
                kind: match plain.kind {
                    SecretKind::Value => "value",
                    SecretKind::Reference => "reference",
                },
                note: plain.note.clone(),
                updated_at: plain.updated_at,
                bytes: plain.value.len(),
            })
            .collect();
        secrets.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            profile_id: id,
            name: manifest.name.to_string(),
            revision: manifest.revision.get(),
            rekeying: opened.is_rekeying(),
            secrets,
        }
    }
}

#[wasm_bindgen]
impl Session {
    /// The profiles, sorted by name, those too that may not be read.
    pub async fn profiles(&self) -> Outcome {
        let shared = self.shared()?;
        let open = shared.work().await;
        let me = open.session.directory().user(&open.session.user());
        let readable: BTreeMap<ProfileId, ReadableProfile> = match me.map(|me| me.role) {
            // An auditor reads none, and asking would stand in the log as denied.
            Some(Role::Auditor) => BTreeMap::new(),
            _ => open.session.list_profiles().await?.into_iter().map(|profile| (profile.id, profile)).collect(),
        };
        let mut listed: Vec<Listed> = open
            .session
            .directory()
            .profiles()
            .map(|profile| open.listed(profile, readable.get(&profile.id)))
            .collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        to_js(&listed)
    }

    /// Creates an empty profile.
    #[wasm_bindgen(js_name = createProfile)]
    pub async fn create_profile(&self, called: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let profile_id = open.session.create_profile(name(&called)?).await?;
        to_js(&Created { profile_id })
    }

    /// Renames a profile.
    #[wasm_bindgen(js_name = renameProfile)]
    pub async fn rename_profile(&self, profile_id: String, called: String) -> Outcome<()> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        open.session.rename_profile(id, name(&called)?).await?;
        Ok(())
    }

    /// Deletes a profile with everything in it.
    #[wasm_bindgen(js_name = deleteProfile)]
    pub async fn delete_profile(&self, profile_id: String) -> Outcome<()> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        open.session.delete_profile(id).await?;
        open.opened.remove(&id);
        Ok(())
    }

    /// Gives a profile a new master key and encrypts anew what it holds.
    #[wasm_bindgen(js_name = rotateProfile)]
    pub async fn rotate_profile(&self, profile_id: String, progress: Option<Function>) -> Outcome<()> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        open.session.rotate_profile(id).await?;
        open.finish_rekeys(&Listener::new(progress)).await?;
        Ok(())
    }

    /// Finishes a re-encryption that somebody began. False where there was nothing to do.
    #[wasm_bindgen(js_name = finishRekey)]
    pub async fn finish_rekey(&self, profile_id: String, progress: Option<Function>) -> Outcome<bool> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let finished = open.finish_rekey(id, &Listener::new(progress)).await?;
        Ok(finished)
    }

    /// Accepts that a profile has the name of another one that this device knew by it.
    #[wasm_bindgen(js_name = acceptReplaced)]
    pub async fn accept_replaced(&self, profile_id: String) -> Outcome<()> {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = profile(&profile_id)?;
        open.session.accept_replaced(id).await?;
        open.accepted.insert(id);
        Ok(())
    }

    /// Reads, verifies and opens a profile. The values stay here until they are revealed.
    #[wasm_bindgen(js_name = openProfile)]
    pub async fn open_profile(&self, profile_id: String) -> Outcome {
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        // Names, rights and keys may be newer than what was replayed.
        open.session.sync().await?;
        let opened = open.session.open_profile(id).await?;
        let shown = to_js(&Opened::of(id, &opened))?;
        open.opened.insert(id, opened);
        Ok(shown)
    }

    /// The value of a secret of a profile that is open.
    pub async fn reveal(&self, profile_id: String, secret: String) -> Outcome {
        let shared = self.shared()?;
        let open = shared.work().await;
        let opened = open.opened.get(&profile(&profile_id)?);
        let opened = opened.ok_or_else(|| Error::invalid("the profile is not open"))?;
        let found = opened.iter().find(|(_, plain)| plain.name.expose() == secret);
        let (_, plain) = found.ok_or_else(|| Error::not_found("secret", &secret))?;
        to_js(&ShownValue::of(plain))
    }

    /// Wipes what was opened of a profile.
    #[wasm_bindgen(js_name = closeProfile)]
    pub async fn close_profile(&self, profile_id: String) -> Outcome<()> {
        let shared = self.shared()?;
        shared.work().await.opened.remove(&profile(&profile_id)?);
        Ok(())
    }
}

/// A profile's id.
pub(crate) fn profile(text: &str) -> Outcome<ProfileId> {
    parse(text, "profile's id")
}

impl Open<'_> {
    /// The profile that an id names. People choose it by its name: while that was another profile's on this device, nothing is
    /// done with it before they accept that.
    pub(crate) fn profile(&self, text: &str) -> Outcome<ProfileId> {
        let id = profile(text)?;
        let found = self.session.directory().profile(&id);
        match found.filter(|found| self.is_replaced(found)) {
            Some(found) => invalid(format!(
                "another profile had the name {} on this device; look at it under Profiles, and accept it there first",
                found.name
            )),
            None => Ok(id),
        }
    }

    fn is_replaced(&self, profile: &Profile) -> bool {
        let named = self.session.find_profile(profile.name.as_str());
        matches!(named, Err(Error::Integrity(_))) && !self.accepted.contains(&profile.id)
    }

    fn listed(&self, profile: &Profile, readable: Option<&ReadableProfile>) -> Listed {
        let directory = self.session.directory();
        Listed {
            profile_id: profile.id,
            name: profile.name.to_string(),
            revision: readable.map(|known| known.revision.get()),
            epoch: profile.epoch.get(),
            rekeying: readable.is_some_and(|known| known.rekeying),
            readable: self.session.may_read(profile.id),
            writable: self.session.is_manager() || self.is_writer(directory, &profile.id),
            history: self.session.may_read_history(profile.id),
            replaced: self.is_replaced(profile),
            groups: named_groups(directory, profile.grants.iter().map(|(id, _)| id)),
        }
    }

    fn is_writer(&self, directory: &Directory, profile: &ProfileId) -> bool {
        let me = directory.user(&self.session.user());
        let leaf = directory.leaf(profile);
        me.zip(leaf).is_some_and(|(me, leaf)| leaf.writers.contains(&me.keys.sign))
    }
}
