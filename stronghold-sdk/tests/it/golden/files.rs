//! `docs/vectors/files.json`: lock files and heads files.

use super::maker;
use crate::forge::{NO_HASH, name, profile_id};
use serde_json::{Value, json};
use stronghold_sdk::{
    heads::Heads,
    lock::Lock,
    protocol::{
        checkpoint::Checkpoint,
        directory::HeaderRef,
        evidence::ProfileFloor,
        id::OrgId,
        number::{Epoch, Revision, RosterVersion, Seq},
        roster::RosterRef,
    },
};

const ORG: OrgId = OrgId([7; 32]);

fn header(seq: u64) -> HeaderRef {
    HeaderRef { seq: Seq::new(seq).unwrap(), hash: NO_HASH }
}

fn floor(number: u8, text: &str) -> ProfileFloor {
    let revision = Revision::new(3).unwrap();
    ProfileFloor { id: profile_id(number), name: name(text), revision, epoch: Epoch::FIRST, manifest: Some(NO_HASH) }
}

#[test]
fn files_file() {
    let mut maker = maker(
        "files",
        "Lock files and heads files (docs/protocol.md, section 11): `text` is the file's. Where `org` and `asked` are said, an \
         agent of that organization reads that profile with the lock file.",
    );
    let mut lock = Lock::new(ORG, header(5));
    lock.put(header(6), floor(30, "production"));
    lock.put(header(6), floor(31, "staging"));
    let text = lock.to_text().unwrap();
    let of = |text: &str, org: Option<OrgId>, asked: Option<&str>| json!({ "kind": "lock", "text": text, "org": org, "asked": asked });
    let name = "a lock file";
    maker.accept(name, &of(&text, None, None));
    let id = profile_id(31).to_string();
    maker.accept_like(name, "reading a profile that is in the lock file", &of(&text, Some(ORG), Some("production")));
    maker.accept_like(name, "reading a profile that is in the lock file, by id", &of(&text, Some(ORG), Some(&id)));
    let reading = "reading a profile that is in the lock file";
    maker.reject(reading, "reading a profile that is not in the lock file", &of(&text, Some(ORG), Some("third")));
    let other = profile_id(32).to_string();
    maker.reject(reading, "reading a profile that is not in the lock file, by id", &of(&text, Some(ORG), Some(&other)));
    maker.reject(reading, "a lock file of another organization", &of(&text, Some(OrgId([8; 32])), Some("production")));
    let replaced: [(&str, &str, &str); 9] = [
        ("another format", r#""format": 1"#, r#""format": 2"#),
        ("no format", r#""format": 1,"#, ""),
        ("an unknown member", r#""format": 1"#, r#""format": 1, "more": 1"#),
        ("a member twice", r#""format": 1"#, r#""format": 1, "format": 1"#),
        ("a profile with an unknown member", r#""revision": 3"#, r#""revision": 3, "more": 1"#),
        ("revision 0", r#""revision": 3"#, r#""revision": 0"#),
        ("a position of 2^53", r#""seq": 6"#, r#""seq": 9007199254740992"#),
        ("an id in another form", &id, &id.replace('-', "")),
        ("a name that is shaped like an id", "\"staging\"", &format!("{id:?}")),
    ];
    for (what, from, to) in replaced {
        assert!(text.contains(from), "{from} in {text}");
        maker.reject(name, &format!("lock: {what}"), &of(&text.replacen(from, to, 1), None, None));
    }
    maker.reject(name, "lock: something after it", &of(&format!("{text}{{}}"), None, None));
    heads(&mut maker, &text);
    maker.finish();
}

fn heads(maker: &mut super::Maker, lock: &str) {
    let checkpoint = Checkpoint { org: ORG, size: 9, root: NO_HASH, directory: header(6) };
    let floors = vec![floor(30, "production"), floor(31, "staging")];
    let text = Heads::new(header(6), RosterRef { version: RosterVersion::FIRST, hash: NO_HASH }, floors, checkpoint)
        .to_text()
        .unwrap();
    let of = |text: &str| json!({ "kind": "heads", "text": text });
    let name = "a heads file";
    maker.accept(name, &of(&text));
    let mut change = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        maker.reject(name, &format!("heads: {what}"), &of(&value.to_string()));
    };
    change("another format", &|it| it["format"] = json!(2));
    change("an unknown member", &|it| it["more"] = json!(1));
    change("no roster", &|it| drop(it.as_object_mut().unwrap().remove("roster")));
    change("roster 0", &|it| it["roster"] = json!(0));
    change("no checkpoint", &|it| drop(it.as_object_mut().unwrap().remove("checkpoint")));
    change("the checkpoint of another organization", &|it| it["checkpoint"]["org"] = json!(OrgId([8; 32])));
    change("of another organization than its checkpoint", &|it| it["org_id"] = json!(OrgId([8; 32])));
    change("a profile twice", &|it| {
        let again = it["profiles"][0].clone();
        it["profiles"].as_array_mut().unwrap().push(again);
    });
    change("revision 0", &|it| it["profiles"][0]["revision"] = json!(0));
    maker.reject(name, "heads: a lock file", &of(lock));
    maker.reject(
        name,
        "heads: a member twice",
        &of(&text.replacen(r#""format": 1"#, r#""format": 1, "format": 1"#, 1)),
    );
}
