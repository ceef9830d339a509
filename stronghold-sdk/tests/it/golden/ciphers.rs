//! `docs/vectors/aead.json` and `seals.json`: ciphertexts that every implementation must open, and others that it must refuse.

use super::maker;
use crate::forge::{encrypted_frame, frame, sealed};
use serde_json::{Value, json};
use stronghold_sdk::{
    crypto::{identity::Identity, seal::KemSecretKey},
    protocol::{crypto::kdf::Kdf, encoding::Base64Bytes},
};

const KEY: [u8; 32] = [0x17; 32];
const OTHER_KEY: [u8; 32] = [0x18; 32];
const CONTEXT: &[u8] = b"\x00\x00\x00\x12stronghold/v1/test";

fn case(key: &[u8], context: &[u8], sealed: Vec<u8>) -> Value {
    let bytes = |bytes: &[u8]| Base64Bytes(bytes.to_vec());
    json!({ "key": bytes(key), "context": bytes(context), "sealed": bytes(&sealed) })
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    change(&mut changed);
    changed
}

#[test]
fn aead_file() {
    let mut maker = maker(
        "aead",
        "Secrets at rest (docs/protocol.md, section 10): `key` is what HKDF-SHA256 extracts from, `context` is both HKDF's info \
         and the associated data. Gives the plaintext that `sealed` opens to.",
    );
    let nonce = Some([0x29; 24]);
    let of_frame = |frame: &[u8]| encrypted_frame(&Kdf::new(&KEY), CONTEXT, nonce, frame);
    let plaintexts: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("one byte", b"x"),
        ("five bytes", b"fixed"),
        ("a length that is padded", b"seventeen bytes.."),
        ("a length that needs no padding", &[0xff; 60]),
        ("1000 bytes", &[0x5a; 1000]),
    ];
    for (name, plain) in plaintexts {
        maker.accept(name, &case(&KEY, CONTEXT, of_frame(&frame(plain))));
    }
    let good = of_frame(&frame(b"fixed"));
    let last = good.len() - 1;
    let name = "five bytes";
    let mut reject = |what: &str, sealed: Vec<u8>| maker.reject(name, what, &case(&KEY, CONTEXT, sealed));
    // The ciphertext of this key after the commitment of another one, and the other way round.
    let foreign = encrypted_frame(&Kdf::new(&OTHER_KEY), CONTEXT, nonce, &frame(b"fixed"));
    reject("altered commitment", changed(&good, |bytes| bytes[0] ^= 1));
    reject("altered last byte of the commitment", changed(&good, |bytes| bytes[31] ^= 1));
    reject("commitment of another key", [&foreign[..32], &good[32..]].concat());
    reject("ciphertext of another key", [&good[..32], &foreign[32..]].concat());
    reject("altered nonce", changed(&good, |bytes| bytes[32] ^= 1));
    reject("altered last byte of the nonce", changed(&good, |bytes| bytes[55] ^= 1));
    reject("altered ciphertext", changed(&good, |bytes| bytes[56] ^= 1));
    reject("altered tag", changed(&good, |bytes| bytes[last] ^= 0x80));
    // What a cipher that has a false tag may leave as it is.
    reject("a frame that nobody encrypted", [&good[..56], &frame(b"fixed")[..], &good[last - 15..]].concat());
    reject("a byte missing", good[..last].to_vec());
    reject("a byte too many", changed(&good, |bytes| bytes.push(0)));
    reject("nothing", Vec::new());
    reject("only a commitment", good[..32].to_vec());
    reject("empty frame", of_frame(b""));
    reject("frame without its whole length", of_frame(b"\x00\x00\x00"));
    reject("length beyond the frame", of_frame(b"\x00\x00\x00\x07fixed\x00"));
    reject("length of 4 GiB", of_frame(b"\xff\xff\xff\xfffixed\x00"));
    reject("padding that is not zero", of_frame(b"\x00\x00\x00\x05fixed\x01"));
    reject("no padding where there must be some", of_frame(b"\x00\x00\x00\x05fixed"));
    reject("more padding than there must be", of_frame(b"\x00\x00\x00\x05fixed\x00\x00\x00"));
    maker.reject(name, "another key", &case(&OTHER_KEY, CONTEXT, good.clone()));
    maker.reject(name, "another context", &case(&KEY, b"other", good));
    maker.finish();
}

#[test]
fn seals_file() {
    let mut maker = maker(
        "seals",
        "Seals (docs/protocol.md, sections 8 and 16): `key` is the seed of an identity, whose X-Wing private key is \
         HKDF-SHA256(seed, info = C(\"identity/kem\"), 32); `context` is HPKE's info. Gives the plaintext that `sealed` opens to.",
    );
    let to = Identity::from_seed(&KEY).public_keys().kem;
    let plaintexts: [(&str, &[u8]); 3] = [("a seed", &[0x42; 32]), ("nothing", b""), ("300 bytes", &[7; 300])];
    for (name, plain) in plaintexts {
        maker.accept(name, &case(&KEY, CONTEXT, sealed(&to, CONTEXT, plain)));
    }
    let good = sealed(&to, CONTEXT, &[0x42; 32]);
    let last = good.len() - 1;
    let name = "a seed";
    let mut reject = |what: &str, sealed: Vec<u8>| maker.reject(name, what, &case(&KEY, CONTEXT, sealed));
    // Sealed to the X-Wing key whose private key is the identity's seed itself.
    let raw = sealed(&KemSecretKey::from_seed(&KEY).public_key(), CONTEXT, &[0x42; 32]);
    reject("sealed to the seed without its derivation", raw);
    reject("altered ML-KEM ciphertext", changed(&good, |bytes| bytes[0] ^= 1));
    reject("altered X25519 key", changed(&good, |bytes| bytes[1088] ^= 1));
    reject("altered ciphertext", changed(&good, |bytes| bytes[1120] ^= 1));
    reject("altered tag", changed(&good, |bytes| bytes[last] ^= 1));
    reject("a byte missing", good[..last].to_vec());
    reject("a byte too many", changed(&good, |bytes| bytes.push(0)));
    reject("only an encapsulated key", good[..1120].to_vec());
    reject("nothing at all", Vec::new());
    maker.reject(name, "another identity", &case(&OTHER_KEY, CONTEXT, good.clone()));
    maker.reject(name, "another info", &case(&KEY, b"other", good));
    maker.finish();
}
