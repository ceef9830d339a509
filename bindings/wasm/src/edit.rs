//! Writing secrets.

use crate::{
    convert::{from_js, secret_name, to_js},
    error::Outcome,
    profiles::profile,
    session::{Open, Session},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stronghold_sdk::{
    Error,
    admin::{Edit, EditOutcome, NewSecret, Put},
    format::dotenv,
    open::SecretKind,
    protocol::{id::ProfileId, name::SecretName, number::Revision},
    references::ReferenceTarget,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Wanted {
    base: Option<u64>,
    #[serde(default)]
    set: Vec<WantedSecret>,
    #[serde(default)]
    delete: Vec<String>,
    #[serde(default)]
    rename: Vec<Renaming>,
}

#[derive(Deserialize)]
struct WantedSecret {
    name: String,
    value: Zeroizing<String>,
    note: Option<Zeroizing<String>>,
    #[serde(default)]
    reference: bool,
}

#[derive(Deserialize)]
struct Renaming {
    from: String,
    to: String,
}

/// What an edit did.
#[derive(Serialize)]
pub(crate) struct Done {
    revision: u64,
    created: usize,
    updated: usize,
    unchanged: usize,
    deleted: usize,
}

impl From<EditOutcome> for Done {
    fn from(EditOutcome { revision, created, updated, unchanged, deleted }: EditOutcome) -> Self {
        Self { revision: revision.get(), created, updated, unchanged, deleted }
    }
}

#[derive(Default, Serialize)]
struct Preview {
    created: Vec<String>,
    updated: Vec<String>,
    unchanged: Vec<String>,
}

#[wasm_bindgen]
impl Session {
    /// Writes one new revision, on top of `base` where that is given, and of nothing else.
    pub async fn edit(&self, profile_id: String, edit: JsValue) -> Outcome {
        let wanted: Wanted = from_js(edit, "edit")?;
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let id = open.profile(&profile_id)?;
        let edit = open.edit_of(id, wanted)?;
        open.write(id, &edit).await
    }

    /// What importing a dotenv file would do to the profile, which must be open.
    #[wasm_bindgen(js_name = previewDotenv)]
    pub async fn preview_dotenv(&self, profile_id: String, text: String) -> Outcome {
        let text = Zeroizing::new(text);
        let shared = self.shared()?;
        let open = shared.work().await;
        let opened = open.opened.get(&profile(&profile_id)?);
        let opened = opened.ok_or_else(|| Error::invalid("the profile is not open"))?;
        let there: BTreeMap<&str, &[u8]> =
            opened.iter().map(|(_, plain)| (plain.name.expose(), plain.value.as_slice())).collect();
        let mut preview = Preview::default();
        for (name, new) in parse_dotenv(&text)? {
            let list = match there.get(name.expose()) {
                None => &mut preview.created,
                Some(old) if **old == **new.value => &mut preview.unchanged,
                Some(_) => &mut preview.updated,
            };
            list.push(name.expose().to_owned());
        }
        to_js(&preview)
    }

    /// Writes what a dotenv file holds, in one revision on top of `base`.
    #[wasm_bindgen(js_name = importDotenv)]
    pub async fn import_dotenv(&self, profile_id: String, text: String, base: u32) -> Outcome {
        let text = Zeroizing::new(text);
        let shared = self.shared()?;
        let mut open = shared.work().await;
        let edit = Edit { set: parse_dotenv(&text)?, base: Some(revision(base.into())?), ..Edit::default() };
        let id = open.profile(&profile_id)?;
        open.write(id, &edit).await
    }
}

/// A revision's number.
pub(crate) fn revision(number: u64) -> Result<Revision, Error> {
    Revision::new(number).map_err(|_| Error::invalid(format!("{number} is no revision")))
}

fn parse_dotenv(text: &str) -> Result<BTreeMap<SecretName, NewSecret>, Error> {
    let entries = dotenv::parse(text.as_bytes()).map_err(|error| Error::invalid(error.to_string()))?;
    let named = entries.into_iter().map(|(name, value)| {
        let name = SecretName::new(&name).map_err(|error| Error::invalid(format!("{}: {error}", &*name)))?;
        Ok((name, NewSecret { value, note: None }))
    });
    named.collect()
}

impl Open<'_> {
    fn edit_of(&self, profile: ProfileId, wanted: Wanted) -> Outcome<Edit> {
        let mut edit = Edit { base: wanted.base.map(revision).transpose()?, ..Edit::default() };
        for WantedSecret { name, value, note, reference } in wanted.set {
            let name = secret_name(&name)?;
            if reference {
                let target: ReferenceTarget = value.trim().parse()?;
                edit.refer.insert(name, (target, note));
            } else {
                edit.set.insert(name, NewSecret { value: Zeroizing::new(value.as_bytes().to_vec()), note });
            }
        }
        for name in wanted.delete {
            edit.delete.push(secret_name(&name)?);
        }
        for Renaming { from, to } in wanted.rename {
            self.rename(profile, &from, &to, &mut edit)?;
        }
        Ok(edit)
    }

    /// A name is part of what is encrypted: renaming writes a new secret with the old one's value and note.
    fn rename(&self, profile: ProfileId, from: &str, to: &str, edit: &mut Edit) -> Outcome<()> {
        let (old, new) = (secret_name(from)?, secret_name(to)?);
        let opened = self.opened.get(&profile).ok_or_else(|| Error::invalid("the profile is not open"))?;
        if opened.iter().any(|(_, plain)| plain.name == new) {
            return crate::convert::invalid(format!("there is a secret {to:?} already"));
        }
        let found = opened.iter().find(|(_, plain)| plain.name == old);
        let (_, plain) = found.ok_or_else(|| Error::not_found("secret", from))?;
        let mut plain = plain.clone();
        // What was set in the same edit counts.
        if let Some(set) = edit.set.remove(&old) {
            plain.value = set.value;
            plain.note = set.note.or(plain.note);
            plain.kind = SecretKind::Value;
        }
        plain.name = new.clone();
        edit.put.insert(new, Put { plain, former: None });
        edit.delete.push(old);
        Ok(())
    }

    /// Writes an edit.
    pub(crate) async fn write(&mut self, profile: ProfileId, edit: &Edit) -> Outcome {
        let outcome = self.session.edit(profile, edit, false).await;
        to_js(&Done::from(outcome?))
    }
}
