//! What this code says of one case of `docs/vectors`: what comes of it, or why it is refused.
//!
//! No state, no file, no panic: the package for browsers compiles this very module too.

// With their places, which are the same wherever this file is taken in from.
#[path = "run/directory.rs"]
mod directory;
#[path = "run/evidence.rs"]
mod evidence;
#[path = "run/objects.rs"]
mod objects;
#[path = "run/past.rs"]
mod past;
#[path = "run/strict.rs"]
mod strict;
#[path = "run/texts.rs"]
mod texts;

use crate::vectors::protocol::{
    audit::AuditRecord,
    checkpoint::Checkpoint,
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::LeafEntry,
    encoding::Base64Bytes,
    id::OrgId,
    merkle::{self, Consistency, Inclusion},
    receipt::Receipt,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// What came of a case, or why it is refused.
pub(crate) type Came = Result<Value, String>;

/// The files whose cases run here.
pub(crate) const FILES: [&str; 14] = [
    "checkpoints",
    "directory",
    "evidence",
    "history",
    "leaves",
    "manifest",
    "merkle",
    "partial",
    "people",
    "receipts",
    "rosters",
    "signed",
    "strict",
    "texts",
];

/// Runs a case of the file of this name, without `.json`.
pub(crate) fn run(file: &str, case: &Value) -> Came {
    match file {
        "checkpoints" => checkpoint(&read(case)?),
        "directory" => directory::replay(read(case)?),
        "evidence" => evidence::whole(read(case)?),
        "history" => past::replay(&read(case)?),
        "leaves" => leaf(&read(case)?),
        "manifest" => evidence::head(&read(case)?),
        "merkle" => tree(&read(case)?),
        "partial" => evidence::part(read(case)?),
        "people" => objects::person(read(case)?),
        "receipts" => logged(&read(case)?),
        "rosters" => objects::rosters(&read(case)?),
        "signed" => objects::signed(&read(case)?),
        "strict" => strict::decode(&read(case)?),
        "texts" => texts::read(&read(case)?),
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

fn told(value: impl Serialize) -> Came {
    serde_json::to_value(value).map_err(why)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    note: String,
    org: OrgId,
    key: SigningPublicKey,
}

fn checkpoint(case: &Note) -> Came {
    told(Checkpoint::verify(&case.note, &case.org, &case.key).map_err(why)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    entry: LeafEntry,
    state_root: Hash,
}

fn leaf(case: &Leaf) -> Came {
    case.entry.verify(&case.state_root).map_err(why)?;
    Ok(json!({ "leaf_hash": case.entry.leaf.leaf_hash() }))
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Tree {
    Root { leaves: Vec<Base64Bytes> },
    Inclusion { leaf_hash: Hash, root: Hash, proof: Inclusion },
    Consistency { old_root: Hash, new_root: Hash, proof: Consistency },
}

fn tree(case: &Tree) -> Came {
    match case {
        Tree::Root { leaves } => {
            let hashes: Vec<Hash> = leaves.iter().map(|data| merkle::leaf_hash(&data.0)).collect();
            Ok(json!({ "root": merkle::root_of(&hashes) }))
        }
        Tree::Inclusion { leaf_hash, root, proof } => proof.verify(leaf_hash, root).map(|()| Value::Null).map_err(why),
        Tree::Consistency { old_root, new_root, proof } => {
            proof.verify(old_root, new_root).map(|()| Value::Null).map_err(why)
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Logged {
    /// A receipt of an organization.
    Receipt { org: OrgId, receipt: Receipt },
    /// A record, and the key that the directory has for the principal in it; none where nobody could sign.
    Record { record: Base64Bytes, key: Option<SigningPublicKey> },
}

fn logged(case: &Logged) -> Came {
    match case {
        Logged::Receipt { org, receipt } => {
            let record = receipt.verify(org).map_err(why)?;
            Ok(json!({ "leaf_hash": receipt.leaf_hash(), "id": record.id }))
        }
        Logged::Record { record, key } => {
            let record = AuditRecord::parse(&record.0).map_err(why)?;
            match (key, record.signed()) {
                (Some(key), _) => record.verify_request_signature(key).map_err(why)?,
                (None, None) => {}
                (None, Some(_)) => return Err(why("whose the key was is not said")),
            }
            Ok(json!({ "id": record.id, "action": record.action }))
        }
    }
}
