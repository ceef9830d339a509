//! Files of secrets, and sealed secrets.

use crate::{
    objects::the_world,
    world::{self, json, now},
};
use std::sync::OnceLock;
use stronghold_protocol::{
    crypto::random,
    limits,
    name::SecretName,
    number::{Epoch, Version},
    secret::SealedSecret,
};
use stronghold_sdk::{
    format::{self, Entries, Format, names::AllowedNames},
    open::{PlainSecret, ProfileKey},
};
use zeroize::Zeroizing;

/// What a format can write of what was read, it reads as the same.
fn assert_same_again(entries: &Entries, format: Format) {
    let pairs = entries.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let Ok(written) = format::write(format, pairs, &AllowedNames::default()) else { return };
    let mut again = format::parse(&written.text, format).expect("a format reads what it writes");
    let mut entries = entries.clone();
    again.sort_by(|a, b| a.0.cmp(&b.0));
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(again, entries);
}

fn check_as(data: &[u8], format: Format) -> bool {
    let Ok(entries) = format::parse(data, format) else { return false };
    let mut names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), entries.len(), "a name stands there once");
    for format in [Format::Dotenv, Format::Json] {
        assert_same_again(&entries, format);
    }
    // It is only written: that it does not panic is all that can be said here.
    let pairs = entries.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let _ = format::write(Format::Shell, pairs, &AllowedNames::default());
    true
}

/// dotenv files.
pub mod dotenv {
    use super::*;

    /// Every kind of line.
    pub fn samples() -> Vec<Vec<u8>> {
        let texts: [&[u8]; 5] = [
            b"# a comment\nPLAIN=value # and another\nexport SPACED = 'single $x'\nEMPTY=\n",
            b"MULTI=\"first\\nsecond\nthird\"\nTICKS=`a 'b' \"c\"`\r\nYAML: 1\n",
            b"\xef\xbb\xbfURL=postgres://u:p@h/db?x=1\nHASH='#not a comment'\nUNI=\xc3\xa9\xf0\x9f\x94\x91\n",
            b"QUOTE=it's\nBACK='C:\\\\path'\nINTERP=${HOME}\n",
            b"FOLDER=C:\\secrets\\\nHASH='#first'\nTABS=\"a\tb\\rc\"\n",
        ];
        texts.map(<[u8]>::to_vec).to_vec()
    }

    /// Whether bytes are a dotenv file.
    pub fn check(data: &[u8]) -> bool {
        check_as(data, Format::Dotenv)
    }
}

/// What another client has seen: heads files and lock files.
pub mod heads {
    use super::*;
    use stronghold_protocol::{
        checkpoint::Checkpoint,
        crypto::hash::Hash,
        evidence::ProfileFloor,
        number::{Revision, RosterVersion},
        roster::RosterRef,
    };
    use stronghold_sdk::{
        heads::{Heads, OtherView},
        lock::Lock,
    };

    /// A file of each kind.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let (org, header) = (world.org(), world.directory.head());
        let floor = |id, name| ProfileFloor {
            id,
            name: world::name(name),
            revision: Revision::FIRST,
            epoch: Epoch::FIRST,
            manifest: Some(Hash([9; 32])),
        };
        let profiles = vec![floor(world::PRODUCTION, "production"), floor(world::STAGING, "staging")];
        let checkpoint = Checkpoint { org, size: 42, root: Hash([7; 32]), directory: header };
        let mut lock = Lock::new(org, header);
        profiles.iter().for_each(|floor| lock.put(header, floor.clone()));
        let heads =
            Heads::new(header, RosterRef { version: RosterVersion::FIRST, hash: Hash([1; 32]) }, profiles, checkpoint);
        let texts = [heads.to_text().expect("a file's text"), lock.to_text().expect("a file's text")];
        texts.map(String::into_bytes).to_vec()
    }

    /// Whether bytes are such a file.
    pub fn check(data: &[u8]) -> bool {
        let heads = Heads::parse(data);
        assert!(heads.is_err() || Lock::parse(data).is_err(), "a file is of one kind");
        if let Ok(heads) = heads {
            let text = heads.to_text().expect("what was read is written");
            assert_eq!(Heads::parse(text.as_bytes()).expect("what is written is read"), heads);
            assert_eq!(heads.checkpoint.org, heads.org_id, "of one organization");
        }
        OtherView::parse(data).is_ok()
    }
}

/// JSON files of secrets.
pub mod json_format {
    use super::*;

    /// Text, binary, nothing.
    pub fn samples() -> Vec<Vec<u8>> {
        let texts = [r#"{"A": "1", "B\u00e9": "two\nlines", "C": {"base64": "/w=="}}"#, "{}"];
        texts.map(|text| text.as_bytes().to_vec()).to_vec()
    }

    /// Whether bytes are such a file.
    pub fn check(data: &[u8]) -> bool {
        check_as(data, Format::Json)
    }
}

/// Sealed secrets: only the genuine one opens.
pub mod sealed_secret {
    use super::*;

    /// Another one in each process: what an earlier run sealed is kept among the inputs, and must not open either.
    fn key() -> &'static ProfileKey {
        static KEY: OnceLock<ProfileKey> = OnceLock::new();
        KEY.get_or_init(|| {
            let master = random::secret::<32>().expect("the system gives randomness");
            ProfileKey::new(the_world().org(), world::PRODUCTION, Epoch::FIRST, &master)
        })
    }

    /// Sealed once a process: sealing draws a random nonce.
    fn genuine() -> &'static SealedSecret {
        static GENUINE: OnceLock<SealedSecret> = OnceLock::new();
        GENUINE.get_or_init(|| {
            let plain = PlainSecret {
                name: SecretName::new("DATABASE_URL").expect("a name"),
                value: Zeroizing::new(b"postgres://".to_vec()),
                kind: stronghold_sdk::open::SecretKind::Value,
                note: None,
                updated_at: now(),
            };
            key().seal_secret(world::SECRET, Version::FIRST, &plain).expect("it can be sealed")
        })
    }

    /// A sealed secret.
    pub fn samples() -> Vec<Vec<u8>> {
        vec![json(genuine())]
    }

    /// Whether a sealed secret opens.
    pub fn check(data: &[u8]) -> bool {
        let Ok(sealed) = serde_json::from_slice::<SealedSecret>(data) else { return false };
        let Ok(plain) = key().open_secret(&sealed) else { return false };
        assert_eq!(&sealed, genuine(), "a forgery opens");
        assert!(plain.value.len() <= limits::SECRET_VALUE_BYTES);
        true
    }
}
