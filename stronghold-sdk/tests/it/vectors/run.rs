//! What this code says of one case of `docs/vectors`: what comes of it, or why it is refused.
//!
//! No state, no file, no panic: the package for browsers compiles this very module too.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use stronghold_sdk::{
    Answered, LocalIdentity,
    crypto::{aead, identity::Identity, seal},
    heads::Heads,
    lock::Lock,
    open::{IdentityDecryptor, OpenedProfile, SecretKind, Want, open_part, open_profile},
    protocol::{
        api::{SealedPart, SealedProfile},
        crypto::kdf::Kdf,
        directory::HeaderRef,
        encoding::{Base64Bytes, base64url},
        evidence::{Anchor, ProfileFloor, ProfileSelector},
        id::OrgId,
        number::Revision,
        request::SignedRequest,
        roster::RosterRef,
        secret::BlindIndex,
        token::AgentToken,
    },
};

/// What came of a case, or why it is refused.
pub(crate) type Came = Result<Value, String>;

/// Runs a case of the file of this name, without `.json`.
pub(crate) fn run(file: &str, case: &Value) -> Came {
    match file {
        "aead" => opened(case, |key, context, sealed| aead::open(&Kdf::new(key), context, sealed).ok()),
        "seals" => {
            opened(case, |seed, info, sealed| seal::open(Identity::from_seed(seed).kem_key(), info, sealed).ok())
        }
        "files" => kept(&read(case)?),
        "replies" => reply(read(case)?),
        _ => Err(format!("there are no vectors named {file:?}")),
    }
}

fn read<T: DeserializeOwned>(case: &Value) -> Result<T, String> {
    T::deserialize(case).map_err(why)
}

/// Any refusal, in its words.
fn why(refusal: impl ToString) -> String {
    refusal.to_string()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    key: Base64Bytes,
    context: Base64Bytes,
    sealed: Base64Bytes,
}

/// Opens a ciphertext: gives what it holds.
fn opened<P: AsRef<[u8]>>(case: &Value, open: impl FnOnce(&[u8; 32], &[u8], &[u8]) -> Option<P>) -> Came {
    let case: Sealed = read(case)?;
    let key = case.key.0.as_slice().try_into().map_err(why)?;
    let plain = open(key, &case.context.0, &case.sealed.0).ok_or_else(|| why("it does not open"))?;
    Ok(base64url(plain.as_ref()).into())
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Kept {
    /// A lock file; and what an agent of `org` asks for with it, if anything.
    Lock { text: String, org: Option<OrgId>, asked: Option<String> },
    /// A heads file.
    Heads { text: String },
}

/// Reads a file that a client keeps.
fn kept(case: &Kept) -> Came {
    match case {
        Kept::Lock { text, org, asked } => {
            let lock = Lock::parse(text.as_bytes()).map_err(why)?;
            if let (Some(org), Some(asked)) = (org, asked) {
                lock.check(org, &asked.parse().map_err(why)?).map_err(why)?;
            }
            Ok(json!({ "org_id": lock.org_id, "header": lock.header, "profiles": lock.profiles }))
        }
        Kept::Heads { text } => {
            let heads = Heads::parse(text.as_bytes()).map_err(why)?;
            Ok(json!({ "org_id": heads.org_id, "header": heads.header, "checkpoint": heads.checkpoint }))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    token: String,
    remembered: Remembered,
    asked: String,
    /// The blind indexes that were asked for; none of a whole profile.
    indexes: Option<Vec<BlindIndex>>,
    /// As it was signed and sent.
    request: SignedRequest,
    reply: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    header: Option<HeaderRef>,
    roster: Option<RosterRef>,
    floors: Vec<ProfileFloor>,
    minimum: Option<Revision>,
}

/// Believes and opens a whole reply: gives what the agent remembers then, and the secrets.
fn reply(case: Read) -> Came {
    let Read { token, remembered, asked, indexes, request, reply } = case;
    let token = AgentToken::parse(&token).map_err(why)?;
    let Remembered { header, roster, floors, minimum } = remembered;
    let hash = token.floor.hash_prefix.to_vec();
    let anchor = Anchor { org: token.org, seq: token.floor.seq, hash, remembered: header, roster };
    let profile: ProfileSelector = asked.parse().map_err(why)?;
    let want = Want { profile: &profile, anchor: &anchor, floors: &floors, minimum };
    let who = Arc::new(LocalIdentity::from_token(&token));
    let decryptor = IdentityDecryptor::new(Arc::clone(&who));
    let opened = match indexes {
        None => {
            let reply = read::<SealedProfile>(&reply)?;
            open_profile(Answered { request, reply }, &*who, &decryptor, &want)
        }
        Some(indexes) => {
            let reply = read::<SealedPart>(&reply)?;
            open_part(Answered { request, reply }, &*who, &decryptor, &want, &indexes)
        }
    };
    Ok(told(&opened.map_err(why)?))
}

fn told(opened: &OpenedProfile) -> Value {
    let mut secrets = Map::new();
    for (sealed, plain) in opened.iter() {
        let kind = match plain.kind {
            SecretKind::Value => "value",
            SecretKind::Reference => "reference",
        };
        let note = plain.note.as_ref().map(|note| note.as_str().to_owned());
        let said = json!({
            "id": sealed.id, "version": sealed.version, "kind": kind, "note": note, "value": base64url(&plain.value),
            "updated_at": plain.updated_at,
        });
        secrets.insert(plain.name.expose().to_owned(), said);
    }
    json!({ "header": opened.newest_header(), "roster": opened.roster(), "profile": opened.floor(), "secrets": secrets })
}
