//! `docs/vectors/aead.json` and `docs/vectors/seals.json`: ciphertexts that every implementation must open, and others
//! that it must refuse.
//!
//! Encryption is random, so with `STRONGHOLD_BLESS` set the files are made anew; otherwise what they hold must open.

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fs, path::PathBuf};
use stronghold_protocol::{crypto::kdf::Kdf, encoding::Base64Bytes};
use stronghold_sdk::crypto::{
    aead,
    identity::Identity,
    seal::{self, KemSecretKey},
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    accepts: Vec<Vector>,
    rejects: Vec<Vector>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    /// The 32 bytes that HKDF extracts from, or the seed of an identity.
    key: Base64Bytes,
    /// The context, or the `info`.
    context: Base64Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<Base64Bytes>,
    sealed: Base64Bytes,
}

const KEY: [u8; 32] = [0x17; 32];
const CONTEXT: &[u8] = b"\x00\x00\x00\x12stronghold/v1/test";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors").join(name)
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap()
}

fn bless(name: &str, file: impl FnOnce() -> File) {
    if std::env::var_os("STRONGHOLD_BLESS").is_some() {
        fs::write(path(name), serde_json::to_string_pretty(&file()).unwrap() + "\n").unwrap();
    }
}

fn vector(name: &str, plaintext: Option<&[u8]>, sealed: Vec<u8>) -> Vector {
    Vector {
        name: name.to_owned(),
        key: KEY.to_vec().into(),
        context: CONTEXT.to_vec().into(),
        plaintext: plaintext.map(|bytes| bytes.to_vec().into()),
        sealed: sealed.into(),
    }
}

/// Encrypts any frame, right or wrong, without the code under test but for HKDF.
fn encrypt_frame(frame: &[u8]) -> Vec<u8> {
    let keys = Kdf::new(&KEY).derive::<64>(CONTEXT);
    let (key, commitment) = keys.split_at(32);
    let nonce = [0x29; 24];
    let mut body = frame.to_vec();
    let tag = XChaCha20Poly1305::new(key.try_into().unwrap())
        .encrypt_inout_detached(&nonce.into(), CONTEXT, body.as_mut_slice().into())
        .unwrap();
    [commitment, &nonce, &body, &tag].concat()
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    change(&mut changed);
    changed
}

fn aead_file() -> File {
    let seal = |plain: &[u8]| aead::seal(&Kdf::new(&KEY), CONTEXT, plain).unwrap();
    let plaintexts: [(&str, &[u8]); 5] = [
        ("empty", b""),
        ("one byte", b"x"),
        ("a length that is padded", b"seventeen bytes.."),
        ("a length that needs no padding", &[0xff; 60]),
        ("1000 bytes", &[0x5a; 1000]),
    ];
    let accepts = plaintexts.iter().map(|(name, plain)| vector(name, Some(plain), seal(plain)));
    let fixed = vector("nonce of 24 bytes 0x29", Some(b"fixed"), encrypt_frame(b"\x00\x00\x00\x05fixed\x00"));
    let good = seal(b"plaintext");
    let last = good.len() - 1;
    let other_key = Vector { key: vec![0x18; 32].into(), ..vector("another key", None, good.clone()) };
    let other_context = Vector { context: b"other".to_vec().into(), ..vector("another context", None, good.clone()) };
    // The commitment of the other key before a ciphertext of this one.
    let foreign = aead::seal(&Kdf::new(&[0x18; 32]), CONTEXT, b"plaintext").unwrap();
    let rejects = vec![
        other_key,
        other_context,
        vector("altered commitment", None, changed(&good, |bytes| bytes[0] ^= 1)),
        vector("commitment of another key", None, [&foreign[..32], &good[32..]].concat()),
        vector("altered nonce", None, changed(&good, |bytes| bytes[32] ^= 1)),
        vector("altered ciphertext", None, changed(&good, |bytes| bytes[56] ^= 1)),
        vector("altered tag", None, changed(&good, |bytes| bytes[last] ^= 0x80)),
        vector("a byte missing", None, good[..last].to_vec()),
        vector("a byte too many", None, changed(&good, |bytes| bytes.push(0))),
        vector("empty", None, Vec::new()),
        vector("only a commitment", None, good[..32].to_vec()),
        vector("empty frame", None, encrypt_frame(b"")),
        vector("frame without its whole length", None, encrypt_frame(b"\x00\x00\x00")),
        vector("length beyond the frame", None, encrypt_frame(b"\x00\x00\x00\x06fixed\x00\x00")),
        vector("length of 4 GiB", None, encrypt_frame(b"\xff\xff\xff\xfffixed\x00")),
        vector("padding that is not zero", None, encrypt_frame(b"\x00\x00\x00\x05fixed\x01")),
        vector("no padding where there must be some", None, encrypt_frame(b"\x00\x00\x00\x05fixed")),
        vector("more padding than there must be", None, encrypt_frame(b"\x00\x00\x00\x05fixed\x00\x00\x00")),
    ];
    let about = "Secrets at rest (docs/protocol.md, section 10): `key` is what HKDF-SHA256 extracts from, `context` is both \
                 HKDF's info and the associated data. Every `sealed` of `accepts` must open to its plaintext, every one of \
                 `rejects` must not open. All bytes are base64url.";
    File { about: about.to_owned(), accepts: accepts.chain([fixed]).collect(), rejects }
}

fn seals_file() -> File {
    let identity = Identity::from_seed(&KEY);
    let to = identity.public_keys().kem;
    let seal = |plain: &[u8]| seal::seal(&to, CONTEXT, plain).unwrap();
    let plaintexts: [(&str, &[u8]); 3] = [("a seed", &[0x42; 32]), ("empty", b""), ("300 bytes", &[7; 300])];
    let accepts = plaintexts.iter().map(|(name, plain)| vector(name, Some(plain), seal(plain))).collect();
    let good = seal(&[0x42; 32]);
    let last = good.len() - 1;
    let other_key = Vector { key: vec![0x18; 32].into(), ..vector("another identity", None, good.clone()) };
    let other_info = Vector { context: b"other".to_vec().into(), ..vector("another info", None, good.clone()) };
    // Sealed to the X-Wing key whose private key is the identity's seed itself.
    let raw = seal::seal(&KemSecretKey::from_seed(&KEY).public_key(), CONTEXT, &[0x42; 32]).unwrap();
    let rejects = vec![
        other_key,
        other_info,
        vector("sealed to the seed without its derivation", None, raw),
        vector("altered ML-KEM ciphertext", None, changed(&good, |bytes| bytes[0] ^= 1)),
        vector("altered X25519 key", None, changed(&good, |bytes| bytes[1088] ^= 1)),
        vector("X25519 key of low order", None, changed(&good, |bytes| bytes[1088..1120].fill(0))),
        vector("altered ciphertext", None, changed(&good, |bytes| bytes[1120] ^= 1)),
        vector("altered tag", None, changed(&good, |bytes| bytes[last] ^= 1)),
        vector("a byte missing", None, good[..last].to_vec()),
        vector("a byte too many", None, changed(&good, |bytes| bytes.push(0))),
        vector("only an encapsulated key", None, good[..1120].to_vec()),
        vector("empty", None, Vec::new()),
    ];
    let about = "Seals (docs/protocol.md, sections 8 and 16): `key` is the seed of an identity, whose X-Wing private key is \
                 HKDF-SHA256(seed, info = Context(\"identity/kem\"), 32); `context` is HPKE's info. Every `sealed` of `accepts` \
                 must open to its plaintext, every one of `rejects` must not open. All bytes are base64url.";
    File { about: about.to_owned(), accepts, rejects }
}

fn check(name: &str, open: impl Fn(&[u8; 32], &[u8], &[u8]) -> Option<Vec<u8>>) {
    let file: File = read(name);
    let opened =
        |vector: &Vector| open(vector.key.0.as_slice().try_into().unwrap(), &vector.context.0, &vector.sealed.0);
    for vector in &file.accepts {
        assert_eq!(opened(vector), vector.plaintext.clone().map(|bytes| bytes.0), "{name}: {}", vector.name);
    }
    for vector in &file.rejects {
        assert_eq!(opened(vector), None, "{name}: {}", vector.name);
    }
    println!("{name}: {} opened, {} refused", file.accepts.len(), file.rejects.len());
    assert!(!file.accepts.is_empty() && file.rejects.len() > file.accepts.len());
}

#[test]
fn secrets_at_rest_open_as_the_file_says() {
    bless("aead.json", aead_file);
    check("aead.json", |key, context, sealed| {
        aead::open(&Kdf::new(key), context, sealed).ok().map(|plain| plain.to_vec())
    });
}

#[test]
fn seals_open_as_the_file_says() {
    bless("seals.json", seals_file);
    check("seals.json", |seed, info, sealed| {
        seal::open(Identity::from_seed(seed).kem_key(), info, sealed).ok().map(|plain| plain.to_vec())
    });
}
