//! Requests for new keys: who must have signed them, and of what they must be.

use crate::directory_world::*;
use stronghold_protocol::{
    crypto::kem::PublicKeys,
    directory::Change,
    id::OrgId,
    key_request::{KeyRequest, KeyRequestRefusal},
    signed::{Payload, Signed},
};

/// The seed of the keys to be.
const NEW: u8 = 90;

fn request(world: &World) -> KeyRequest {
    let replaces = sign_key(EDITOR).key_id();
    KeyRequest { org: world.state.org(), user: user(EDITOR), replaces, keys: keys(NEW) }
}

fn signed(request: &KeyRequest, by: &[u8]) -> Signed {
    let keys: Vec<_> = by.iter().map(|seed| signer(*seed)).collect();
    Signed::create(request, &keys.iter().collect::<Vec<_>>()).unwrap()
}

#[test]
fn both_keys_sign_and_the_recovery_kit_stays() {
    let world = World::acme();
    let (said, editor) = (request(&world), world.state.user(&user(EDITOR)).unwrap());
    for by in [[EDITOR, NEW], [NEW, EDITOR]] {
        let verified = KeyRequest::verify(&signed(&said, &by), &world.state.org(), editor).unwrap();
        assert_eq!((verified.value(), verified.value().fingerprint()), (&said, sign_key(NEW).key_id()));
    }
    let expected = Change::UserRekeyed { id: user(EDITOR), keys: keys(NEW), recovery: recovery(EDITOR) };
    assert_eq!(said.confirmed(editor), expected);
}

#[test]
fn nothing_else_is_believed() {
    let world = World::acme();
    let (said, editor) = (request(&world), world.state.user(&user(EDITOR)).unwrap());
    let verify = |request: &KeyRequest, by: &[u8]| {
        KeyRequest::verify(&signed(request, by), &world.state.org(), editor).unwrap_err()
    };
    for by in [&[EDITOR][..], &[NEW], &[OWNER, NEW], &[EDITOR, OWNER], &[EDITOR + 100, NEW], &[]] {
        assert!(matches!(verify(&said, by), KeyRequestRefusal::Signed(_)), "{by:?}");
    }
    let both = [EDITOR, NEW];
    let others = [
        (KeyRequest { org: OrgId([9; 32]), ..said.clone() }, "organization"),
        (KeyRequest { user: user(STAGING_EDITOR), ..said.clone() }, "person"),
        (KeyRequest { replaces: sign_key(OWNER).key_id(), ..said.clone() }, "key"),
    ];
    for (other, what) in others {
        assert_eq!(verify(&other, &both), KeyRequestRefusal::Other(what));
    }
    // Not even a half of the keys in force.
    let halves = [
        keys(EDITOR),
        PublicKeys { sign: sign_key(NEW), kem: kem(EDITOR) },
        PublicKeys { sign: sign_key(EDITOR), kem: kem(NEW) },
    ];
    for keys in halves {
        assert_eq!(verify(&KeyRequest { keys, ..said.clone() }, &both), KeyRequestRefusal::InForce);
    }
}

#[test]
fn altered_bytes_are_not_believed() {
    let world = World::acme();
    let editor = world.state.user(&user(EDITOR)).unwrap();
    let genuine = signed(&request(&world), &[EDITOR, NEW]);
    for position in 0..genuine.payload.0.len() {
        let mut altered = genuine.clone();
        altered.payload.0[position] ^= 1;
        assert!(KeyRequest::verify(&altered, &world.state.org(), editor).is_err(), "byte {position}");
    }
}

#[test]
fn the_type_is_part_of_what_is_signed() {
    assert_eq!(KeyRequest::TYPE, "key-request.v1");
}
