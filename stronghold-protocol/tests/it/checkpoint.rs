//! Checkpoints: one way to write them, and nothing else is believed.

use proptest::prelude::*;
use stronghold_protocol::{
    checkpoint::{Checkpoint, InvalidCheckpoint},
    crypto::{hash::Hash, sign::SigningKey},
    directory::HeaderRef,
    id::OrgId,
    number::Seq,
};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn sample() -> Checkpoint {
    Checkpoint {
        org: OrgId([1; 32]),
        size: 1234,
        root: Hash([2; 32]),
        directory: HeaderRef { seq: Seq::new(56).unwrap(), hash: Hash([3; 32]) },
    }
}

fn verify(note: &str) -> Result<Checkpoint, InvalidCheckpoint> {
    Checkpoint::verify(note, &sample().org, &key(7).public_key())
}

#[test]
fn the_text_is_that_of_the_specification() {
    let note = sample().sign(&key(7));
    let lines: Vec<&str> = note.split('\n').collect();
    assert_eq!(lines[0], "stronghold/AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
    assert_eq!(lines[1], "1234");
    assert_eq!(lines[2], "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=");
    assert_eq!(lines[3], "directory 56 AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=");
    assert_eq!(lines[4], "");
    assert!(lines[5].starts_with("\u{2014} stronghold/AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE "));
    assert_eq!((lines[6], lines.len()), ("", 7));
    assert_eq!(verify(&note), Ok(sample()));
    assert_eq!(Checkpoint::parse_unverified(&note, &sample().org), Ok(sample()));
}

#[test]
fn signatures_of_others_are_passed_over() {
    let note = sample().sign(&key(7));
    let (text, mine) = note.split_once("\n\n").unwrap();
    let other = sample().sign(&key(8));
    let (_, theirs) = other.split_once("\n\n").unwrap();
    let witness = "\u{2014} witness.example AAAAAAAA\n";
    assert_eq!(verify(&format!("{text}\n\n{witness}{theirs}{mine}")), Ok(sample()));
    assert_eq!(verify(&other), Err(InvalidCheckpoint::NotSigned));
    assert_eq!(verify(&format!("{text}\n\n{witness}")), Err(InvalidCheckpoint::NotSigned));
    let of_more = Checkpoint { size: 1235, ..sample() }.sign(&key(7));
    let (_, of_more) = of_more.split_once("\n\n").unwrap();
    assert_eq!(verify(&format!("{text}\n\n{of_more}")), Err(InvalidCheckpoint::NotSigned), "another text's");
}

#[test]
fn what_is_written_otherwise_is_refused() {
    let note = sample().sign(&key(7));
    let bent = |from: &str, to: &str| {
        assert!(note.contains(from));
        note.replacen(from, to, 1)
    };
    let malformed = [
        String::new(),
        "\n\n".to_owned(),
        note.trim_end().to_owned(),
        note.replace('\n', "\r\n"),
        bent("1234", "01234"),
        bent("1234", "+1234"),
        bent("1234", "9007199254740992"),
        bent("1234", ""),
        bent("gI=\n", "gJ=\n"),
        bent("gI=\n", "gI\n"),
        bent("directory 56", "directory 056"),
        bent("directory 56", "Directory 56"),
        bent("directory", "x\ndirectory"),
        bent("\n\n", "\nextension\n\n"),
        bent("\u{2014} ", "- "),
        format!("{note}\n"),
    ];
    for note in malformed {
        assert_eq!(verify(&note), Err(InvalidCheckpoint::Malformed), "{note:?}");
    }
    let other = Checkpoint::verify(&note, &OrgId([9; 32]), &key(7).public_key());
    assert_eq!(other, Err(InvalidCheckpoint::OtherOrganization));
}

proptest! {
    #[test]
    fn every_checkpoint_comes_back(
        size in 0..9_007_199_254_740_991_u64,
        root in any::<[u8; 32]>(),
        seq in 0..9_007_199_254_740_991_u64,
        header in any::<[u8; 32]>(),
    ) {
        let directory = HeaderRef { seq: Seq::new(seq).unwrap(), hash: Hash(header) };
        let checkpoint = Checkpoint { org: sample().org, size, root: Hash(root), directory };
        prop_assert_eq!(verify(&checkpoint.sign(&key(7))), Ok(checkpoint));
    }

    #[test]
    fn no_changed_byte_is_believed(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let note = sample().sign(&key(7));
        let mut bytes = note.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(changed) = String::from_utf8(bytes) && changed != note {
            prop_assert!(verify(&changed).is_err());
        }
    }

    #[test]
    fn no_text_panics(text in "(stronghold/[A-Za-z]{0,50}\n)?[0-9\n=A-Za-z\u{2014} ]{0,200}") {
        let _ = verify(&text);
    }
}
