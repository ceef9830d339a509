//! `docs/vectors/signed.json`: envelopes of every type, and `people.json`: what people say of their own keys.

use super::{
    Maker, maker,
    scalars::{added, decoded, expanded, join, multiplied, plus_order, reduced, scalar},
};
use crate::directory_world::{
    EDITOR, PRODUCTION, STAGING_EDITOR, World, email, first_roster, invite, keys, manifest_of, now, recovery, sign_key,
    signed_by, signer, user,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use stronghold_protocol::{
    acceptance::Acceptance,
    crypto::{
        hash::Hash,
        kem::PublicKeys,
        sign::{Signature, SigningPublicKey},
    },
    directory::Header,
    encoding::{Base64Bytes, Context},
    id::OrgId,
    key_request::KeyRequest,
    limits,
    number::Seq,
    signed::{KeySignature, Payload, Signed},
};

/// Signers of the set that counts, and one who is not in it.
const SET: [u8; 3] = [1, 2, 3];
const STRANGER: u8 = 4;

fn case<T: Payload>(object: &Signed, threshold: usize) -> Value {
    let keys = SET.map(sign_key);
    json!({ "type": T::TYPE, "object": object, "trust": { "signatures": { "keys": keys, "threshold": threshold } } })
}

fn pinned<T: Payload>(object: &Signed, trusted: &[u8]) -> Value {
    json!({ "type": T::TYPE, "object": object, "trust": { "hash": Base64Bytes(trusted.to_vec()) } })
}

/// What every type has in common.
fn of_type<T: Payload>(maker: &mut Maker, payload: &T, other: &T) {
    let named = |what: &str| format!("{}: {what}", T::TYPE);
    let one = named("signed by one of three");
    let good = signed_by(payload, &[1]);
    maker.accept(&one, &case::<T>(&good, 1));
    let mut reject = |what: &str, bent: &Signed| maker.reject(&one, &named(what), &case::<T>(bent, 1));
    reject("not signed", &Signed { signatures: Vec::new(), ..good.clone() });
    let theirs = signed_by(payload, &[STRANGER]);
    reject("signed by another key", &theirs);
    let mut in_the_name = good.clone();
    in_the_name.signatures[0].signature = theirs.signatures[0].signature;
    reject("another key's signature in the name of a right one", &in_the_name);
    let mut flipped = good.clone();
    flipped.signatures[0].signature.0[40] ^= 1;
    reject("a bit of the signature flipped", &flipped);
    let stale = Signed { payload: signed_by(other, &[1]).payload, ..good.clone() };
    reject("another payload under the signature", &stale);
    for another in ["roster.v1", "header.v1", "manifest.v1", "acceptance.v1", "key-request.v1", "body.v1"] {
        if another != T::TYPE {
            let mut as_other = good.clone();
            as_other.signatures[0].signature = sign_raw(1, &input(another, &good.payload.0));
            reject(&format!("signed as {another}"), &as_other);
        }
    }
    let mut bare = good.clone();
    bare.signatures[0].signature = sign_raw(1, &good.payload.0);
    reject("the payload signed without a context", &bare);
    let hash = good.hash_as::<T>().0;
    let unsigned = Signed { signatures: Vec::new(), ..good };
    let by_hash = named("trusted by its hash");
    maker.accept(&by_hash, &pinned::<T>(&unsigned, &hash));
    maker.reject(
        &by_hash,
        &named("another payload than the trusted one"),
        &pinned::<T>(&stale_of(&unsigned, other), &hash),
    );
}

fn stale_of<T: Payload>(unsigned: &Signed, other: &T) -> Signed {
    Signed { payload: signed_by(other, &[]).payload, ..unsigned.clone() }
}

fn input(object_type: &str, payload: &[u8]) -> Vec<u8> {
    Context::new("signed-object").field(object_type).field(payload).finish()
}

fn sign_raw(seed: u8, message: &[u8]) -> Signature {
    signer(seed).sign(message)
}

fn header(seq: u64) -> Header {
    let world = World::born();
    let mut header: Header = serde_json::from_slice(&world.statements[0].header.payload.0).unwrap();
    header.seq = Seq::new(seq).unwrap();
    header.time = now();
    header
}

fn acceptance(world: &World) -> Acceptance {
    Acceptance {
        org: world.org,
        invite: invite(61),
        user: user(60),
        email: email(60),
        keys: keys(60),
        recovery: recovery(60),
    }
}

fn key_request(world: &World) -> KeyRequest {
    KeyRequest { org: world.org, user: user(EDITOR), replaces: sign_key(EDITOR).key_id(), keys: keys(90) }
}

#[test]
fn signed_file() {
    let mut maker = maker(
        "signed",
        "Signed objects (docs/protocol.md, section 3). An object is believed as the `type`: by `signatures` of at least \
         `threshold` of `keys`, or because its object hash starts with `hash`. It gives its object hash, and the ids of those \
         of `keys` whose signatures are in it, in the order of the signatures.",
    );
    let world = World::acme();
    of_type(&mut maker, &header(7), &header(8));
    of_type(&mut maker, &first_roster(&[1], &[], 1), &first_roster(&[2], &[], 1));
    let manifest = |revision| manifest_of(&world.state, PRODUCTION, Some((revision, Hash([1; 32]))), &[]);
    of_type(&mut maker, &manifest(2), &manifest(3));
    of_type(&mut maker, &acceptance(&world), &Acceptance { user: user(62), ..acceptance(&world) });
    of_type(&mut maker, &key_request(&world), &KeyRequest { user: user(62), ..key_request(&world) });
    thresholds(&mut maker);
    strictness(&mut maker);
    maker.finish();
}

/// Who counts, and how often.
fn thresholds(maker: &mut Maker) {
    let payload = header(7);
    let signed = |seeds: &[u8]| signed_by(&payload, seeds);
    let two = "two of three";
    maker.accept(two, &case::<Header>(&signed(&[1, 2]), 2));
    maker.accept_like(two, "two of three, in another order", &case::<Header>(&signed(&[2, 1]), 2));
    maker.accept_like(two, "two of three, and a stranger", &case::<Header>(&signed(&[1, STRANGER, 2]), 2));
    maker.reject(two, "one of two", &case::<Header>(&signed(&[1]), 2));
    maker.reject(two, "one, and a stranger", &case::<Header>(&signed(&[1, STRANGER]), 2));
    maker.reject(two, "two of three where three must be", &case::<Header>(&signed(&[1, 2]), 3));
    let mut twice = signed(&[1]);
    twice.signatures.push(twice.signatures[0].clone());
    maker.reject(two, "one key's signature twice", &case::<Header>(&twice, 2));
    let mut one_false = signed(&[1, 2, 3]);
    one_false.signatures[2].signature = one_false.signatures[1].signature;
    maker.reject(two, "enough good ones, and a false one of the set", &case::<Header>(&one_false, 2));
    let mut stranger_false = signed(&[1, 2, STRANGER]);
    stranger_false.signatures[2].signature = stranger_false.signatures[1].signature;
    maker.accept_like(two, "enough good ones, and a false one of a stranger", &case::<Header>(&stranger_false, 2));
    let mut stranger_twice = signed(&[1, 2, STRANGER]);
    stranger_twice.signatures.push(stranger_twice.signatures[2].clone());
    maker.reject(two, "a stranger's signature twice", &case::<Header>(&stranger_twice, 2));
    maker.reject(two, "a threshold of zero, and no signature", &case::<Header>(&signed(&[]), 0));
    let many = |count: usize| {
        let seeds: Vec<u8> = (0..count).map(|number| u8::try_from(number).unwrap() + 1).collect();
        signed(&seeds)
    };
    maker.accept("the most signatures that there may be", &case::<Header>(&many(limits::SIGNATURES), 2));
    maker.reject(
        "the most signatures that there may be",
        "a signature too many",
        &case::<Header>(&many(limits::SIGNATURES + 1), 2),
    );
    let good = signed(&[]);
    let hash = good.hash_as::<Header>().0;
    let half = "trusted by the first half of its hash";
    maker.accept(half, &pinned::<Header>(&good, &hash[..16]));
    maker.reject(half, "trusted by less than half of its hash", &pinned::<Header>(&good, &hash[..15]));
    maker.reject(half, "another hash in the first byte", &pinned::<Header>(&good, &bent(&hash[..16], 0)));
    maker.reject(half, "another hash in the last byte of half", &pinned::<Header>(&good, &bent(&hash[..16], 15)));
    let whole = "header.v1: trusted by its hash";
    maker.reject(whole, "another hash in the last byte", &pinned::<Header>(&good, &bent(&hash, 31)));
    let mut as_roster = pinned::<Header>(&good, &hash);
    as_roster["type"] = "roster.v1".into();
    maker.reject(whole, "the right hash, of another type", &as_roster);
    maker.reject(whole, "more bytes than a hash has", &pinned::<Header>(&good, &[&hash[..], &[0]].concat()));
    let signing = |payload: &[u8]| {
        let signature =
            KeySignature { key: sign_key(1).key_id(), signature: sign_raw(1, &input("header.v1", payload)) };
        case::<Header>(&Signed { payload: Base64Bytes(payload.to_vec()), signatures: vec![signature] }, 1)
    };
    let json = serde_json::to_string(&payload).unwrap();
    let one = "header.v1: signed by one of three";
    maker.reject(one, "signed, but no JSON", &signing(b"header"));
    maker.reject(one, "signed, with something after the value", &signing(format!("{json} 1").as_bytes()));
    maker.reject(one, "signed, with an unknown member", &signing(json.replacen('{', r#"{"x":1,"#, 1).as_bytes()));
    maker.accept_like(one, "signed, with space and another order of members", &signing(reordered(&json).as_bytes()));
}

/// The first member last, and space between.
fn reordered(json: &str) -> String {
    let (first, rest) = json.trim_start_matches('{').split_once(',').unwrap();
    format!("{{ {}, {first} }}", rest.trim_end_matches('}'))
}

fn bent(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// Signatures that verify by a laxer rule than ours.
fn strictness(maker: &mut Maker) {
    let payload = header(7);
    let good = signed_by(&payload, &[1]);
    let message = input("header.v1", &good.payload.0);
    let one = "header.v1: signed by one of three";
    let with = |key: SigningPublicKey, signature: [u8; 64]| {
        let signatures = vec![KeySignature { key: key.key_id(), signature: Signature(signature) }];
        let keys = [key, sign_key(2), sign_key(3)];
        let object = Signed { signatures, ..good.clone() };
        json!({ "type": "header.v1", "object": object, "trust": { "signatures": { "keys": keys, "threshold": 1 } } })
    };
    let standard = good.signatures[0].signature.0;
    let (r, s) = (&standard[..32], scalar(&standard[32..]));
    maker.reject(one, "an S that is not reduced", &with(sign_key(1), join(r, &plus_order(&s))));
    // Of the neutral element every S is a signature, with R = S * B; here S is 1.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut base = [0x66; 32];
    base[0] = 0x58;
    maker.reject(one, "a key of small order", &with(SigningPublicKey(neutral), join(&base, &scalar(&[1]))));
    let (secret, prefix) = expanded(1);
    let challenge = |r: &[u8], key: &SigningPublicKey| reduced(&Sha512::digest([r, &key.0, &message].concat()));
    let of_small_r = multiplied(&challenge(&neutral, &sign_key(1)), &secret);
    maker.reject(one, "an R of small order", &with(sign_key(1), join(&neutral, &of_small_r)));
    // The key of seed 1, plus a point of order 8: whoever multiplies by the cofactor takes it for that key.
    let mixed = SigningPublicKey(decoded("9ea3f11f5bd34f0cd7147fd0a436c088f624c6100c1df6a53c0a29e05d60cea0"));
    // One challenge in eight is a multiple of 8, where the small part counts for nothing.
    let (r, nonce) = (0_u8..)
        .map(|salt| [&message[..], &[salt]].concat())
        .map(|salted| {
            let r: [u8; 32] = sign_raw(1, &salted).0[..32].try_into().unwrap();
            (r, reduced(&Sha512::digest([&prefix[..], &salted].concat())))
        })
        .find(|(r, _)| challenge(r, &mixed)[0] % 8 != 0)
        .unwrap();
    let s = added(&nonce, &multiplied(&challenge(&r, &mixed), &secret));
    maker.reject(one, "a key with a part of small order, verified with the cofactor", &with(mixed, join(&r, &s)));
}

#[test]
fn people_file() {
    let mut maker = maker(
        "people",
        "What people say of their own keys (docs/protocol.md, section 15): an acceptance beside the invitation as the \
         directory states it, a request for new keys beside the person's keys in force. Each gives its object hash.",
    );
    let world = World::acme();
    let accepting = |object: &Signed| {
        json!({ "kind": "acceptance", "org": world.org, "invite": invite(61), "email": email(60), "key": sign_key(61),
                "acceptance": object })
    };
    let said = acceptance(&world);
    // The keys of the invitation, of the person, and of the recovery kit.
    let all = [61, 60, 160];
    let base = "an acceptance";
    maker.accept(base, &accepting(&signed_by(&said, &all)));
    let mut bad = |what: &str, said: &Acceptance, by: &[u8]| {
        maker.reject(base, what, &accepting(&signed_by(said, by)));
    };
    bad("not signed by the invitation's key", &said, &[60, 160]);
    bad("not signed by the new key", &said, &[61, 160]);
    bad("not signed by the recovery kit's key", &said, &[61, 60]);
    bad("signed by another in the invitation's place", &said, &[62, 60, 160]);
    bad("of another organization", &Acceptance { org: OrgId([9; 32]), ..said.clone() }, &all);
    bad("of another invitation", &Acceptance { invite: invite(62), ..said.clone() }, &all);
    bad("of another address", &Acceptance { email: email(61), ..said.clone() }, &all);
    for (at, whose) in ["the invitation's", "the new key's", "the recovery kit's"].into_iter().enumerate() {
        let mut flipped = signed_by(&said, &all);
        flipped.signatures[at].signature.0[40] ^= 1;
        maker.reject(base, &format!("a bit flipped in {whose} signature"), &accepting(&flipped));
    }
    let asking = |object: &Signed| json!({ "kind": "key_request", "org": world.org, "user": user(EDITOR), "keys": keys(EDITOR), "request": object });
    let said = key_request(&world);
    let both = [EDITOR, 90];
    let base = "a request for new keys";
    maker.accept(base, &asking(&signed_by(&said, &both)));
    let mut bad = |what: &str, said: &KeyRequest, by: &[u8]| {
        maker.reject(base, what, &asking(&signed_by(said, by)));
    };
    bad("not signed by the key in force", &said, &[90]);
    bad("not signed by the new key of the request", &said, &[EDITOR]);
    bad("signed by another in the place of the key in force", &said, &[STAGING_EDITOR, 90]);
    bad("a request of another organization", &KeyRequest { org: OrgId([9; 32]), ..said.clone() }, &both);
    bad("a request of another person", &KeyRequest { user: user(STAGING_EDITOR), ..said.clone() }, &both);
    let other = sign_key(STAGING_EDITOR).key_id();
    bad("a request that replaces another key", &KeyRequest { replaces: other, ..said.clone() }, &both);
    let of = |sign: u8, kem: u8| PublicKeys { sign: sign_key(sign), kem: keys(kem).kem };
    bad("the signing key in force again", &KeyRequest { keys: of(EDITOR, 90), ..said.clone() }, &[EDITOR]);
    bad("the KEM key in force again", &KeyRequest { keys: of(90, EDITOR), ..said.clone() }, &both);
    for (at, whose) in ["the key in force", "the new key"].into_iter().enumerate() {
        let mut flipped = signed_by(&said, &both);
        flipped.signatures[at].signature.0[40] ^= 1;
        maker.reject(base, &format!("a bit flipped in the signature of {whose}"), &asking(&flipped));
    }
    maker.finish();
}
