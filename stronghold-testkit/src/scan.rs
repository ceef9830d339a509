//! Looking for secrets where none may be, in every shape that a program gives to bytes.

use aho_corasick::{AhoCorasick, MatchKind};
use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use std::{collections::BTreeSet, fs, path::Path};

/// Shorter shapes could turn up by chance.
const SHORTEST: usize = 12;

/// What is looked for.
#[derive(Debug)]
pub struct Needles {
    labels: Vec<String>,
    shapes: Vec<Vec<u8>>,
    owners: Vec<(usize, &'static str)>,
    finder: Option<AhoCorasick>,
}

/// A needle that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What was found.
    pub label: String,
    /// In which shape.
    pub shape: &'static str,
    /// Where.
    pub place: String,
}

impl Needles {
    /// Nothing to look for yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { labels: Vec::new(), shapes: Vec::new(), owners: Vec::new(), finder: None }
    }

    /// Looks for these bytes: raw, hex, base64 (both alphabets) and base32 wherever they may stand in what was encoded,
    /// UTF-16.
    pub fn add(&mut self, label: &str, bytes: &[u8]) {
        let owner = self.labels.len();
        self.labels.push(label.to_owned());
        let mut shapes: Vec<(&'static str, Vec<u8>)> = vec![
            ("raw", bytes.to_vec()),
            ("hex", HEXLOWER.encode(bytes).into_bytes()),
            ("upper-case hex", HEXUPPER.encode(bytes).into_bytes()),
        ];
        for before in 0..3 {
            shapes.push(("base64", aligned(bytes, before, 6, |all| BASE64_NOPAD.encode(all))));
            shapes.push(("base64url", aligned(bytes, before, 6, |all| BASE64URL_NOPAD.encode(all))));
        }
        for before in 0..5 {
            let upper = aligned(bytes, before, 5, |all| BASE32_NOPAD.encode(all));
            shapes.push(("lower-case base32", upper.to_ascii_lowercase()));
            shapes.push(("base32", upper));
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            shapes.push(("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        }
        let mut known = BTreeSet::new();
        for (shape, bytes) in shapes {
            assert!(bytes.len() >= SHORTEST, "{label} is too short to be looked for as {shape}");
            if known.insert(bytes.clone()) {
                self.owners.push((owner, shape));
                self.shapes.push(bytes);
            }
        }
        self.finder = None;
    }

    /// How many things are looked for.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The longest shape, in bytes: how much two neighbouring pieces must overlap.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.shapes.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Looks into bytes.
    pub fn scan(&mut self, place: &str, bytes: &[u8], findings: &mut BTreeSet<Finding>) {
        let shapes = &self.shapes;
        let finder = self.finder.get_or_insert_with(|| {
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(shapes).expect("the needles are few enough")
        });
        for found in finder.find_overlapping_iter(bytes) {
            let (owner, shape) = self.owners[found.pattern().as_usize()];
            findings.insert(Finding { label: self.labels[owner].clone(), shape, place: place.to_owned() });
        }
    }

    /// Looks into every file below a folder, but those that `skip` names. Returns how many bytes were looked at.
    pub fn scan_folder(&mut self, folder: &Path, skip: &[&str], findings: &mut BTreeSet<Finding>) -> usize {
        let mut bytes_seen = 0;
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.file_name().is_some_and(|name| skip.iter().any(|skipped| name == *skipped)) {
                continue;
            }
            if path.is_dir() {
                bytes_seen += self.scan_folder(&path, skip, findings);
            } else {
                bytes_seen += self.scan_file(&path, findings);
            }
        }
        bytes_seen
    }

    /// Looks into a file and at its name. Returns how many bytes were looked at.
    pub fn scan_file(&mut self, path: &Path, findings: &mut BTreeSet<Finding>) -> usize {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let place = path.display().to_string();
        self.scan(&place, place.as_bytes(), findings);
        self.scan(&place, &bytes, findings);
        bytes.len()
    }
}

impl Default for Needles {
    fn default() -> Self {
        Self::new()
    }
}

/// What `bytes` look like within a longer encoded text, when `before` bytes stand before them in a group: only the
/// characters that depend on nothing else.
fn aligned(bytes: &[u8], before: usize, bits: usize, encode: impl Fn(&[u8]) -> String) -> Vec<u8> {
    let all = [vec![0; before], bytes.to_vec()].concat();
    let text = encode(&all);
    let first = (before * 8).div_ceil(bits);
    let last = all.len() * 8 / bits;
    text.as_bytes()[first..last].to_vec()
}
