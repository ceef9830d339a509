//! A file of vectors in the making.

use crate::vectors::file::{Accept, File, Reject, changed, difference, path};
use serde::Serialize;
use serde_json::Value;
use std::fs;

/// Runs a case of a file.
type Run = fn(&str, &Value) -> Result<Value, String>;

/// A file in the making. What a case gives, or why it is refused, is what this code says.
pub(crate) struct Maker {
    kind: &'static str,
    run: Run,
    file: File,
}

impl Maker {
    /// A file of this name; `about` says what the members of a case mean.
    pub(crate) fn new(kind: &'static str, run: Run, about: &str) -> Self {
        Self { kind, run, file: File { about: about.to_owned(), accepts: Vec::new(), rejects: Vec::new() } }
    }

    /// Adds a whole case that must be accepted.
    pub(crate) fn accept(&mut self, name: &str, case: &impl Serialize) {
        let case = serde_json::to_value(case).unwrap();
        let gives = self.gives(name, &case);
        self.file.accepts.push(Accept { name: name.to_owned(), case: Some(case), of: None, change: Vec::new(), gives });
    }

    /// Adds a case that must be accepted, as the difference from another one.
    pub(crate) fn accept_like(&mut self, of: &str, name: &str, case: &impl Serialize) {
        let case = serde_json::to_value(case).unwrap();
        let gives = self.gives(name, &case);
        let change = difference(&self.file.accepted(of), &case);
        self.file.accepts.push(Accept { name: name.to_owned(), case: None, of: Some(of.to_owned()), change, gives });
    }

    /// Adds a case that must be refused, as the difference from an accepted one.
    pub(crate) fn reject(&mut self, of: &str, name: &str, case: &impl Serialize) {
        let case = serde_json::to_value(case).unwrap();
        let refusal = match (self.run)(self.kind, &case) {
            // In the words of whichever decoder: only reading the file tells whether ours is as strict as it must be.
            _ if self.kind == "strict" => String::new(),
            Ok(came) => panic!("{name:?} is accepted: {came}"),
            Err(why) => why,
        };
        let base = self.file.accepted(of);
        let change = difference(&base, &case);
        assert!(!change.is_empty(), "{name:?} differs in nothing from {of:?}");
        assert_eq!(changed(base, &change), case, "{name:?}");
        self.file.rejects.push(Reject { name: name.to_owned(), of: of.to_owned(), change, refusal });
    }

    /// Compares with the file that there is, or writes that when `STRONGHOLD_BLESS` is set.
    pub(crate) fn finish(self) {
        let accepts: Vec<&str> = self.file.accepts.iter().map(|case| case.name.as_str()).collect();
        let rejects: Vec<&str> = self.file.rejects.iter().map(|case| case.name.as_str()).collect();
        for names in [accepts, rejects] {
            let mut once = names.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), names.len(), "two cases have one name: {names:?}");
        }
        let mut text = serde_json::to_string_pretty(&self.file).unwrap();
        text.push('\n');
        let (kind, path) = (self.kind, path(self.kind));
        if std::env::var_os("STRONGHOLD_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "{kind}.json is not what the code makes; if that is intended, run with STRONGHOLD_BLESS=1"
        );
    }

    fn gives(&self, name: &str, case: &Value) -> Value {
        (self.run)(self.kind, case).unwrap_or_else(|why| panic!("{name:?} is refused: {why}"))
    }
}
