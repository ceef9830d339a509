//! `docs/vectors/strict.json`: texts that only a decoder that is not strict takes for what they look like.

use super::{Maker, logs::receipt, maker};
use crate::directory_world::*;
use serde_json::json;
use stronghold_protocol::{
    acceptance::Acceptance,
    crypto::hash::Hash,
    directory::Body,
    key_request::KeyRequest,
    merkle::{Consistency, Inclusion},
};

/// A text of a type that is accepted, and texts that are not: each a replacement of one part by another.
fn of_type(maker: &mut Maker, kind: &str, good: &str, replaced: &[(&str, &str, &str)]) {
    let case = |text: &str| json!({ "type": kind, "text": text });
    maker.accept(kind, &case(good));
    maker.accept_like(kind, &format!("{kind}: with space around it"), &case(&format!(" {good}\n")));
    let mut reject = |what: &str, text: &str| maker.reject(kind, &format!("{kind}: {what}"), &case(text));
    reject("an unknown member", &format!(r#"{{"unknown":1,{}"#, &good[1..]));
    reject("something after it", &format!("{good} {{}}"));
    reject("a comma at the end", &format!("{},}}", good.strip_suffix('}').unwrap()));
    reject("cut off", &good[..good.len() - 1]);
    let parts = members(good);
    let (name, value) = parts[0];
    reject("a member twice", &format!(r#"{{"{name}":{value},{rest}"#, rest = &good[1..]));
    reject("a member left out", &good.replacen(&format!(r#""{name}":{value},"#), "", 1));
    reject("null", "null");
    reject("an empty array", "[]");
    reject("an array in its place", &array(good));
    for (name, value) in parts.iter().filter(|(_, value)| value.starts_with('{')) {
        let member = format!(r#""{name}":{value}"#);
        reject(
            &format!("an array in the place of {name}"),
            &good.replacen(&member, &format!(r#""{name}":{}"#, array(value)), 1),
        );
    }
    for (what, from, to) in replaced {
        assert!(good.contains(from), "{kind} holds no {from}: {good}");
        reject(what, &good.replacen(from, to, 1));
    }
}

/// The members of an object, in the order in which they are written: names and the texts of values.
fn members(object: &str) -> Vec<(&str, &str)> {
    let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap();
    let (mut depth, mut quoted, mut start, mut parts) = (0, false, 0, Vec::new());
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'"' if at == 0 || inner.as_bytes()[at - 1] != b'\\' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth -= 1,
            b',' if !quoted && depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    parts
        .iter()
        .map(|part| part.split_once(':').unwrap())
        .map(|(name, value)| (name.trim_matches('"'), value))
        .collect()
}

/// The values of an object as an array, which some decoders take for the object.
fn array(object: &str) -> String {
    let values: Vec<&str> = members(object).into_iter().map(|(_, value)| value).collect();
    format!("[{}]", values.join(","))
}

#[test]
fn strict_file() {
    let mut maker = maker(
        "strict",
        "JSON of the protocol (docs/protocol.md, section 1): `text` is decoded as the `type`, which is a type of signed \
         object, `body.v1`, or one of `record`, `receipt`, `signed`, `statement`, `inclusion`, `consistency`.",
    );
    objects(&mut maker);
    messages(&mut maker);
    maker.finish();
}

fn objects(maker: &mut Maker) {
    let world = World::born();
    let header = String::from_utf8(world.statements[0].header.payload.0.clone()).unwrap();
    of_type(
        maker,
        "header.v1",
        &header,
        &[
            ("a position of 2^53", r#""seq":0"#, r#""seq":9007199254740992"#),
            ("a position below 0", r#""seq":0"#, r#""seq":-1"#),
            ("a position with a fraction", r#""seq":0"#, r#""seq":0.0"#),
            ("a position with an exponent", r#""seq":0"#, r#""seq":0e0"#),
            ("a position as a text", r#""seq":0"#, r#""seq":"0""#),
            ("roster version 0", r#""version":1"#, r#""version":0"#),
            ("a time in another form", ".000Z", "Z"),
            ("a hash with padding", r#"","seq""#, r#"=","seq""#),
            ("a member of a member twice", r#""version":1"#, r#""version":1,"version":1"#),
        ],
    );
    let roster = serde_json::to_string(&first_roster(&[1], &[], 1)).unwrap();
    of_type(
        maker,
        "roster.v1",
        &roster,
        &[
            ("a version of 2^53", r#""version":1"#, r#""version":9007199254740992"#),
            ("version 0", r#""version":1"#, r#""version":0"#),
            ("a threshold below 0", r#""owner_threshold":1"#, r#""owner_threshold":-1"#),
            ("a member of a member twice", r#""admins":[]"#, r#""admins":[],"admins":[]"#),
        ],
    );
    let manifest = serde_json::to_string(&manifest_of(&World::acme().state, PRODUCTION, None, &[])).unwrap();
    of_type(
        maker,
        "manifest.v1",
        &manifest,
        &[
            ("a count of 2^53", r#""count":0"#, r#""count":9007199254740992"#),
            ("revision 0", r#""revision":1"#, r#""revision":0"#),
            ("epoch 0", r#""epoch":1"#, r#""epoch":0"#),
            (
                "an id in upper case",
                r#""profile":"01930000-0000-7000-8000-00000000001e""#,
                r#""profile":"01930000-0000-7000-8000-00000000001E""#,
            ),
            ("a name that is not normalized", "production", "productio\u{6e}\u{303}"),
        ],
    );
    let org = world.org;
    let acceptance = Acceptance {
        org,
        invite: invite(61),
        user: user(60),
        email: email(60),
        keys: keys(60),
        recovery: recovery(60),
    };
    of_type(
        maker,
        "acceptance.v1",
        &serde_json::to_string(&acceptance).unwrap(),
        &[("an address in upper case", "acme.", "Acme.")],
    );
    let request = KeyRequest { org, user: user(EDITOR), replaces: sign_key(EDITOR).key_id(), keys: keys(90) };
    of_type(maker, "key-request.v1", &serde_json::to_string(&request).unwrap(), &[]);
    bodies(maker);
}

fn bodies(maker: &mut Maker) {
    let created = agent_created(CI, "ci");
    let body = serde_json::to_string(&Body { changes: vec![created] }).unwrap();
    let case = |text: &str| json!({ "type": "body.v1", "text": text });
    maker.accept("body.v1", &case(&body));
    let replaced = [
        ("an unknown member", r#"{"changes""#, r#"{"unknown":1,"changes""#),
        ("an unknown member of a change", r#"{"kind""#, r#"{"unknown":1,"kind""#),
        ("an unknown member of conditions", r#"{"not_before""#, r#"{"unknown":1,"not_before""#),
        ("a member of conditions left out", r#""not_before":null,"#, ""),
        ("a member of conditions twice", r#""not_before":null,"#, r#""not_before":null,"not_before":null,"#),
        ("a kind twice", r#""kind":"agent_created","#, r#""kind":"agent_created","kind":"agent_created","#),
        (
            "an array in the place of conditions",
            r#"{"not_before":null,"expires_at":null,"source_cidrs":[],"max_uses":null}"#,
            "[null,null,[],null]",
        ),
        ("a number of uses with a fraction", r#""max_uses":null"#, r#""max_uses":1.5"#),
        ("a number of uses below 0", r#""max_uses":null"#, r#""max_uses":-1"#),
        ("an unknown kind", "agent_created", "agent_imagined"),
    ];
    for (what, from, to) in replaced {
        assert!(body.contains(from), "{from} in {body}");
        maker.reject("body.v1", &format!("body.v1: {what}"), &case(&body.replacen(from, to, 1)));
    }
    maker.reject("body.v1", "body.v1: something after it", &case(&format!("{body} 1")));
    let inner = body.strip_prefix(r#"{"changes":"#).unwrap().strip_suffix('}').unwrap();
    maker.reject("body.v1", "body.v1: an array in its place", &case(&format!("[{inner}]")));
}

fn messages(maker: &mut Maker) {
    let inclusion = Inclusion { index: 1, size: 2, path: vec![Hash([1; 32])] };
    let inclusion = serde_json::to_string(&inclusion).unwrap();
    of_type(
        maker,
        "inclusion",
        &inclusion,
        &[
            ("an index of 2^53", r#""index":1"#, r#""index":9007199254740992"#),
            ("a size of 2^53", r#""size":2"#, r#""size":9007199254740993"#),
            ("an index with a fraction", r#""index":1"#, r#""index":1.0"#),
        ],
    );
    let consistency = Consistency { old_size: 1, new_size: 2, path: vec![Hash([1; 32])] };
    let consistency = serde_json::to_string(&consistency).unwrap();
    of_type(
        maker,
        "consistency",
        &consistency,
        &[
            ("an old size of 2^53", r#""old_size":1"#, r#""old_size":9007199254740992"#),
            ("a new size of 2^53", r#""new_size":2"#, r#""new_size":9007199254740992"#),
        ],
    );
    let world = World::born();
    let signed = serde_json::to_string(&world.statements[0].header).unwrap();
    let key = r#""signatures":[{"key":"#;
    of_type(
        maker,
        "signed",
        &signed,
        &[
            ("an unknown member of a signature", key, r#""signatures":[{"unknown":1,"key":"#),
            ("a payload with padding", r#"","signatures""#, r#"=","signatures""#),
        ],
    );
    let (text, record) = receipt();
    of_type(
        maker,
        "receipt",
        &text,
        &[
            ("a position of 2^53", r#""position":7"#, r#""position":9007199254740992"#),
            ("a position below 0", r#""position":7"#, r#""position":-7"#),
        ],
    );
    of_type(
        maker,
        "record",
        &record,
        &[
            ("allowed, with a reason", r#""outcome":"allowed""#, r#""outcome":"allowed","reason":"expired""#),
            ("schema 2", r#""schema":1"#, r#""schema":2"#),
            ("an unknown kind of release", r#""kind":"profile""#, r#""kind":"imagined""#),
            ("a release's kind twice", r#""kind":"profile""#, r#""kind":"profile","kind":"profile""#),
            ("a revision of 2^53", r#""revision":1"#, r#""revision":9007199254740992"#),
        ],
    );
}
