//! The form of a file of `docs/vectors`: cases that are accepted, and what differs from one of them where a case is refused.
//!
//! A case stands whole, or as an earlier accepted one with changes: those of RFC 6902 (JSON Patch), of which `add`, `remove`
//! and `replace` are used. So a reader sees that a reject differs from an accept in one thing only.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// A file of vectors.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// What the members of a case mean.
    pub(crate) about: String,
    /// What must be accepted.
    pub(crate) accepts: Vec<Accept>,
    /// What must be refused.
    pub(crate) rejects: Vec<Reject>,
}

/// A case that must be accepted.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accept {
    pub(crate) name: String,
    /// The whole case; none where it is another one, changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) case: Option<Value>,
    /// The accepted case before this one that is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) change: Vec<Change>,
    /// What comes of it.
    pub(crate) gives: Value,
}

/// A case that must be refused.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reject {
    pub(crate) name: String,
    /// The accepted case that is changed.
    pub(crate) of: String,
    pub(crate) change: Vec<Change>,
    /// In the words of the implementation that made the file: for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) refusal: String,
}

/// One operation of RFC 6902.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Change {
    Add { path: String, value: Value },
    Remove { path: String },
    Replace { path: String, value: Value },
}

/// Where the file of this name, without `.json`, is.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors").join(format!("{name}.json"))
}

impl File {
    /// Reads the file of this name.
    pub(crate) fn read(name: &str) -> Self {
        serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap_or_else(|error| panic!("{name}.json: {error}"))
    }

    /// The whole of an accepted case.
    pub(crate) fn accepted(&self, name: &str) -> Value {
        let accept = self.accepts.iter().find(|accept| accept.name == name);
        let accept = accept.unwrap_or_else(|| panic!("no accepted case is named {name:?}"));
        match (&accept.case, &accept.of) {
            (Some(case), None) => changed(case.clone(), &accept.change),
            (None, Some(of)) => changed(self.accepted(of), &accept.change),
            _ => panic!("{name:?} is a case, or one of another"),
        }
    }

    /// Runs every case: an accepted one must give what the file says, a refused one must be refused. The words of a refusal
    /// are for people.
    pub(crate) fn check(&self, name: &str, run: impl Fn(&Value) -> Result<Value, String>) {
        for accept in &self.accepts {
            let case = self.accepted(&accept.name);
            let came = run(&case).unwrap_or_else(|why| panic!("{name}: {:?} is refused: {why}", accept.name));
            assert_eq!(came, accept.gives, "{name}: {:?}", accept.name);
        }
        for reject in &self.rejects {
            let case = changed(self.accepted(&reject.of), &reject.change);
            if let Ok(came) = run(&case) {
                panic!("{name}: {:?} is accepted: {came}", reject.name);
            }
        }
        println!("{name}: {} accepted, {} refused", self.accepts.len(), self.rejects.len());
        assert!(!self.accepts.is_empty() && !self.rejects.is_empty());
    }
}

/// Makes changes, in their order.
pub(crate) fn changed(mut case: Value, changes: &[Change]) -> Value {
    for change in changes {
        match change {
            Change::Add { path, value } => match holder(&mut case, path) {
                (Value::Object(members), key) => drop(members.insert(key, value.clone())),
                (Value::Array(elements), key) if key == "-" => elements.push(value.clone()),
                (Value::Array(elements), key) => elements.insert(key.parse().unwrap(), value.clone()),
                _ => panic!("nothing can be added at {path}"),
            },
            Change::Remove { path } => match holder(&mut case, path) {
                (Value::Object(members), key) => drop(members.remove(&key).unwrap()),
                (Value::Array(elements), key) => drop(elements.remove(key.parse().unwrap())),
                _ => panic!("nothing can be removed at {path}"),
            },
            Change::Replace { path, value } => *case.pointer_mut(path).unwrap() = value.clone(),
        }
    }
    case
}

/// What holds the place that a pointer names, and the last part of the pointer.
fn holder<'a>(case: &'a mut Value, path: &str) -> (&'a mut Value, String) {
    let (parent, key) = path.rsplit_once('/').unwrap();
    (case.pointer_mut(parent).unwrap(), key.replace("~1", "/").replace("~0", "~"))
}

/// The changes that make `to` of `from`.
pub(crate) fn difference(from: &Value, to: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", from, to, &mut changes);
    changes
}

fn compare(path: &str, from: &Value, to: &Value, changes: &mut Vec<Change>) {
    match (from, to) {
        _ if from == to => {}
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                changes.push(Change::Remove { path: below(path, key) });
            }
            for (key, value) in new {
                match old.get(key) {
                    Some(before) => compare(&below(path, key), before, value, changes),
                    None => changes.push(Change::Add { path: below(path, key), value: value.clone() }),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (before, after)) in old.iter().zip(new).enumerate() {
                compare(&below(path, &index.to_string()), before, after, changes);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            // What is before and after the difference stays; between, the old goes and the new comes.
            let shorter = old.len().min(new.len());
            let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
            let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count().min(shorter - start);
            for _ in start..old.len() - end {
                changes.push(Change::Remove { path: below(path, &start.to_string()) });
            }
            for (index, value) in new.iter().enumerate().take(new.len() - end).skip(start) {
                changes.push(Change::Add { path: below(path, &index.to_string()), value: value.clone() });
            }
        }
        _ => changes.push(Change::Replace { path: path.to_owned(), value: to.clone() }),
    }
}

fn below(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}
