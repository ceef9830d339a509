//! Signed objects: whose signatures count, how many, and what a hash pins.

use crate::directory_world::{first_roster, sign_key, signed_by, signer};
use stronghold_protocol::{
    encoding::{Base64Bytes, Context},
    limits,
    roster::Roster,
    signed::{KeySignature, Payload, Signed, SignedRefusal},
};

/// What has the form of a roster, and is another type.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct Other(Roster);

impl Payload for Other {
    const TYPE: &'static str = "other.v1";
}

fn object(signers: &[u8]) -> Signed {
    signed_by(&first_roster(&[1], &[], 1), signers)
}

fn refused(object: &Signed, keys: &[u8], threshold: usize) -> SignedRefusal {
    let keys: Vec<_> = keys.iter().map(|seed| sign_key(*seed)).collect();
    object.verify::<Roster>(&keys, threshold).map(|_| ()).unwrap_err()
}

#[test]
fn as_many_of_the_keys_sign_as_the_threshold_says() {
    let keys: Vec<_> = [1, 2, 3].map(sign_key).to_vec();
    for threshold in 0..=4 {
        for signers in 0..=3_u8 {
            let signers: Vec<u8> = (1..=signers).collect();
            let verified = object(&signers).verify::<Roster>(&keys, threshold);
            // A threshold of zero would believe anything, so it counts as one.
            assert_eq!(verified.is_ok(), signers.len() >= threshold.max(1), "{threshold}: {signers:?}");
        }
    }
    // Other keys' signatures do not count, and do no harm.
    let by_two = object(&[1, 8]);
    assert_eq!(by_two.verify::<Roster>(&keys, 1).unwrap().signers(), [sign_key(1)]);
    assert_eq!(refused(&by_two, &[1, 2, 3], 2), SignedRefusal::NotSigned);
    assert_eq!(refused(&by_two, &[], 0), SignedRefusal::NotSigned);
}

#[test]
fn a_signature_holds_for_one_type() {
    let (key, roster) = (sign_key(1), first_roster(&[1], &[], 1));
    let (object, other) = (signed_by(&roster, &[1]), signed_by(&Other(roster), &[1]));
    assert_eq!(object.payload, other.payload, "the same bytes");
    object.verify::<Roster>(&[key], 1).unwrap();
    other.verify::<Other>(&[key], 1).unwrap();
    assert_eq!(refused(&other, &[1], 1), SignedRefusal::NotSigned);
    assert_eq!(object.verify::<Other>(&[key], 1).map(|_| ()).unwrap_err(), SignedRefusal::NotSigned);
    // Nor does what names an object of one type name one of another.
    let pinned = other.pinned::<Roster>(&other.hash_as::<Other>().0);
    assert_eq!(pinned.map(|_| ()).unwrap_err(), SignedRefusal::OtherHash);
}

#[test]
fn a_hash_pins_from_sixteen_bytes_on() {
    let object = object(&[]);
    let hash = object.hash_as::<Roster>().0;
    for length in 0..=hash.len() {
        let pinned = object.pinned::<Roster>(&hash[..length]).map(|_| ());
        assert_eq!(pinned, if length < 16 { Err(SignedRefusal::OtherHash) } else { Ok(()) }, "{length}");
    }
    let mut longer = hash.to_vec();
    longer.push(0);
    for at in 0..=hash.len() {
        let mut other = longer.clone();
        other[at] ^= 1;
        let other = if at < hash.len() { &other[..hash.len()] } else { &other[..] };
        assert_eq!(object.pinned::<Roster>(other).map(|_| ()).unwrap_err(), SignedRefusal::OtherHash, "{at}");
    }
}

#[test]
fn signatures_and_bytes_are_bounded() {
    let mut object = object(&[1]);
    let strangers = (0..limits::SIGNATURES).map(|number| {
        let mut seed = [200; 32];
        seed[0] = u8::try_from(number).unwrap();
        let key = stronghold_protocol::crypto::sign::SigningKey::from_seed(&seed);
        KeySignature { key: key.public_key().key_id(), signature: key.sign(b"something") }
    });
    object.signatures.extend(strangers);
    assert_eq!(refused(&object, &[1], 1), SignedRefusal::Signatures);
    object.signatures.pop();
    object.verify::<Roster>(&[sign_key(1)], 1).unwrap();
    // One byte too many, whether it is signed or pinned.
    let padded = |length: usize| {
        let mut bytes = object.payload.0.clone();
        bytes.resize(length, b' ');
        let input = Context::new("signed-object").field("roster.v1").field(&bytes).finish();
        let signature = KeySignature { key: sign_key(1).key_id(), signature: signer(1).sign(&input) };
        Signed { payload: Base64Bytes(bytes), signatures: vec![signature] }
    };
    let (most, more) = (padded(limits::PAYLOAD_BYTES), padded(limits::PAYLOAD_BYTES + 1));
    most.verify::<Roster>(&[sign_key(1)], 1).unwrap();
    most.pinned::<Roster>(&most.hash_as::<Roster>().0).unwrap();
    assert_eq!(refused(&more, &[1], 1), SignedRefusal::TooLarge);
    let pinned = more.pinned::<Roster>(&more.hash_as::<Roster>().0);
    assert_eq!(pinned.map(|_| ()).unwrap_err(), SignedRefusal::TooLarge);
}
