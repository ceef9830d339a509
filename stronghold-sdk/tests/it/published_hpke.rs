//! Published vectors of HPKE and X-Wing.
//!
//! Our own [`seal`](stronghold_sdk::crypto::seal) has neither associated data nor more than one message per key, and no
//! parameter for its randomness, so no published ciphertext can come out of it. The vectors run through the functions of
//! the `hpke` crate that it calls, with the same type parameters; that it calls them so is a test of its own.

use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable,
    aead::ChaCha20Poly1305,
    kdf::HkdfSha256,
    kem::{X25519HkdfSha256, XWing},
    rand_core::{TryCryptoRng, TryRng},
    setup_receiver, setup_sender_with_rng, single_shot_open,
};
use serde::{Deserialize, Deserializer, de};
use std::convert::Infallible;
use stronghold_sdk::crypto::seal::{self, KemSecretKey};
use x_wing::{Ciphertext, kem::Decapsulate};

struct Hex(Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        data_encoding::HEXLOWER.decode(text.as_bytes()).map(Self).map_err(de::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(non_snake_case, reason = "the RFC's names")]
struct Vector {
    info: Hex,
    ikmE: Hex,
    ikmR: Hex,
    skRm: Hex,
    pkRm: Hex,
    enc: Hex,
    encryptions: Vec<Encryption>,
    exports: Vec<Export>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Encryption {
    sequence: usize,
    aad: Hex,
    ct: Hex,
    pt: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    exporter_context: Hex,
    exported_value: Hex,
}

/// Gives exactly these bytes, and panics when asked for more.
pub(crate) struct Scripted(pub(crate) Vec<u8>);

impl TryRng for Scripted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("an encapsulation draws bytes only")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("an encapsulation draws bytes only")
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        target.copy_from_slice(&self.0.drain(..target.len()).collect::<Vec<_>>());
        Ok(())
    }
}

impl TryCryptoRng for Scripted {}

/// Derives the recipient's key, encapsulates with the vector's randomness, seals and opens up to its last message.
fn check<K: Kem>(name: &str, vector: &Vector) {
    // Private keys are compared by their public halves: one X25519 key has several encodings (RFC 7748, section 5).
    let (_, derived) = K::derive_keypair(&vector.ikmR.0);
    let secret = K::PrivateKey::from_bytes(&vector.skRm.0).unwrap();
    for public in [derived, K::sk_to_pk(&secret)] {
        assert_eq!(public.to_bytes().as_slice(), vector.pkRm.0, "{name}");
    }
    let public = K::PublicKey::from_bytes(&vector.pkRm.0).unwrap();

    let mut rng = Scripted(vector.ikmE.0.clone());
    let (enc, mut sender) =
        setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, K>(&OpModeS::Base, &public, &vector.info.0, &mut rng)
            .unwrap();
    assert!(rng.0.is_empty(), "{name}: all randomness was used");
    assert_eq!(enc.to_bytes().as_slice(), vector.enc.0, "{name}");
    let enc = K::EncappedKey::from_bytes(&vector.enc.0).unwrap();
    let mut receiver =
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, K>(&OpModeR::Base, &secret, &enc, &vector.info.0).unwrap();

    let last = vector.encryptions.iter().map(|encryption| encryption.sequence).max().unwrap();
    let mut seen = 0;
    for sequence in 0..=last {
        let Some(published) = vector.encryptions.iter().find(|encryption| encryption.sequence == sequence) else {
            let between = sender.seal(b"between", b"").unwrap();
            receiver.open(&between, b"").unwrap();
            continue;
        };
        let (aad, pt, ct) = (&published.aad.0, &published.pt.0, &published.ct.0);
        assert_eq!(&sender.seal(pt, aad).unwrap(), ct, "{name}, message {sequence}");
        assert_eq!(&receiver.open(ct, aad).unwrap(), pt, "{name}, message {sequence}");
        seen += 1;
    }
    assert_eq!(seen, vector.encryptions.len());
    for export in &vector.exports {
        let mut value = vec![0; export.exported_value.0.len()];
        receiver.export(&export.exporter_context.0, &mut value).unwrap();
        assert_eq!(value, export.exported_value.0, "{name}");
    }
    println!("{name}: {seen} messages, {} exports", vector.exports.len());
    assert!(seen > 0 && !vector.exports.is_empty());
}

#[test]
fn rfc_9180_base_mode() {
    let vector: Vector = serde_json::from_str(include_str!("../vectors/hpke_rfc9180.json")).unwrap();
    check::<X25519HkdfSha256>("RFC 9180, A.2.1", &vector);
}

#[test]
fn hpke_with_x_wing() {
    let vector: Vector = serde_json::from_str(include_str!("../vectors/hpke_xwing.json")).unwrap();
    check::<XWing>("draft-ietf-hpke-pq, X-Wing", &vector);
    let ours = KemSecretKey::from_seed(vector.skRm.0.as_slice().try_into().unwrap());
    assert_eq!(ours.public_key().as_bytes(), vector.pkRm.0);
}

#[test]
fn our_seals_are_hpke_in_base_mode() {
    let key = KemSecretKey::from_seed(&[5; 32]);
    let sealed = seal::seal(&key.public_key(), b"info", b"plaintext").unwrap();
    let (enc, ciphertext) = sealed.split_at(seal::ENCAPSULATED_BYTES);
    let opened = single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &<XWing as Kem>::PrivateKey::from_bytes(&[5; 32]).unwrap(),
        &<XWing as Kem>::EncappedKey::from_bytes(enc).unwrap(),
        b"info",
        ciphertext,
        b"",
    )
    .unwrap();
    assert_eq!(opened, b"plaintext");
}

#[derive(Deserialize)]
struct XWingVector {
    seed: Hex,
    eseed: Hex,
    ss: Hex,
    sk: Hex,
    pk: Hex,
    ct: Hex,
}

/// The draft's own vectors: keys through our function, ciphertexts through `hpke`, and shared secrets, which `hpke` keeps
/// to itself, through the crate below it.
#[test]
fn x_wing() {
    let vectors: Vec<XWingVector> = serde_json::from_str(include_str!("../vectors/xwing.json")).unwrap();
    for (index, vector) in vectors.iter().enumerate() {
        assert_eq!(vector.seed.0, vector.sk.0, "a private key is its seed");
        let seed: [u8; 32] = vector.sk.0.as_slice().try_into().unwrap();
        assert_eq!(KemSecretKey::from_seed(&seed).public_key().as_bytes(), vector.pk.0, "vector {index}");
        let public = <XWing as Kem>::PublicKey::from_bytes(&vector.pk.0).unwrap();
        let mut rng = Scripted(vector.eseed.0.clone());
        let (enc, _) =
            setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeS::Base, &public, b"", &mut rng)
                .unwrap();
        assert_eq!(enc.to_bytes().as_slice(), vector.ct.0, "vector {index}");
        let ciphertext = Ciphertext::try_from(vector.ct.0.as_slice()).unwrap();
        let shared = x_wing::DecapsulationKey::from(seed).decapsulate(&ciphertext);
        assert_eq!(shared.as_slice(), vector.ss.0, "vector {index}");
    }
    println!("draft-connolly-cfrg-xwing-kem: {} vectors", vectors.len());
    assert!(!vectors.is_empty());
}
