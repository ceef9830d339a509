//! One sealed secret: opened in its place, and under its own name, only.

use stronghold_protocol::{
    id::{OrgId, ProfileId, SecretId},
    limits,
    name::SecretName,
    number::{Epoch, Version},
    secret::{BlindIndex, SealedSecret},
    time::Timestamp,
};
use stronghold_sdk::{
    ErrorKind,
    open::{PlainSecret, ProfileKey, SecretKind},
};

fn key(org: u8, profile: u8, epoch: Epoch, master: u8) -> ProfileKey {
    ProfileKey::new(OrgId([org; 32]), ProfileId::from_bytes([profile; 16]), epoch, &[master; 32])
}

fn plain(name: &str) -> PlainSecret {
    PlainSecret {
        name: SecretName::new(name).unwrap(),
        value: b"hunter2".to_vec().into(),
        kind: SecretKind::Value,
        note: None,
        updated_at: Timestamp::from_millis(1_700_000_000_000).unwrap(),
    }
}

#[test]
fn a_secret_opens_in_its_place_and_under_its_own_name_only() {
    let right = key(1, 2, Epoch::FIRST, 3);
    let id = SecretId::from_bytes([4; 16]);
    let sealed = right.seal_secret(id, Version::FIRST, &plain("A")).unwrap();
    assert_eq!(right.open_secret(&sealed).unwrap().value.as_slice(), b"hunter2");
    let refused = |what: &str, key: &ProfileKey, sealed: &SealedSecret| {
        assert_eq!(key.open_secret(sealed).unwrap_err().kind(), ErrorKind::Integrity, "{what}");
    };
    refused("another organization", &key(9, 2, Epoch::FIRST, 3), &sealed);
    refused("another profile", &key(1, 9, Epoch::FIRST, 3), &sealed);
    refused("another epoch", &key(1, 2, Epoch::FIRST.next(), 3), &sealed);
    refused("another master key", &key(1, 2, Epoch::FIRST, 9), &sealed);
    type Bend<'a> = (&'static str, Box<dyn Fn(&mut SealedSecret) + 'a>);
    let other_name = right.blind_index(&SecretName::new("B").unwrap());
    let bends: Vec<Bend<'_>> = vec![
        ("the index of another name", Box::new(move |it| it.index = other_name)),
        ("an index of no name", Box::new(|it| it.index = BlindIndex([5; 32]))),
        ("another id", Box::new(|it| it.id = SecretId::from_bytes([5; 16]))),
        ("another version", Box::new(|it| it.version = it.version.next())),
        ("parts exchanged", Box::new(|it| std::mem::swap(&mut it.meta, &mut it.value))),
        ("the name's part twice", Box::new(|it| it.value = it.meta.clone())),
    ];
    for (what, bend) in bends {
        let mut bent = sealed.clone();
        bend(&mut bent);
        refused(what, &right, &bent);
    }
}

#[test]
fn the_largest_value_and_the_longest_note_are_sealed_and_no_larger_ones() {
    let key = key(1, 2, Epoch::FIRST, 3);
    let seal = |value: usize, note: usize| {
        let note = (note > 0).then(|| "n".repeat(note).into());
        let plain = PlainSecret { value: vec![7; value].into(), note, ..plain("A") };
        key.seal_secret(SecretId::from_bytes([4; 16]), Version::FIRST, &plain)
    };
    let (value, note) = (limits::SECRET_VALUE_BYTES, limits::SECRET_NOTE_BYTES);
    let opened = key.open_secret(&seal(value, note).unwrap()).unwrap();
    assert_eq!(opened.value.len(), value);
    assert_eq!(opened.note.unwrap().len(), note);
    for (value, note) in [(value + 1, 0), (1, note + 1)] {
        assert_eq!(seal(value, note).unwrap_err().kind(), ErrorKind::Failure);
    }
}
