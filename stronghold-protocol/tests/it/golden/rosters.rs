//! `docs/vectors/rosters.json`: an organization's rosters from the genesis on.

use super::{Maker, maker};
use crate::directory_world::{first_roster, keys, member, signed_by};
use serde_json::{Value, json};
use stronghold_protocol::{
    crypto::hash::Hash,
    id::OrgId,
    number::RosterVersion,
    roster::{Roster, RosterNonce},
    signed::Signed,
};

fn case(rosters: &[Signed]) -> Value {
    json!({ "org": OrgId(rosters[0].hash_as::<Roster>().0), "rosters": rosters })
}

/// A genesis that was bent before it was signed; the organization is the one that it makes.
fn genesis(maker: &mut Maker, name: &str, signers: &[u8], bend: impl FnOnce(&mut Roster)) {
    let mut roster = first_roster(&[1, 2], &[3], 1);
    bend(&mut roster);
    maker.reject(GENESIS, name, &case(&[signed_by(&roster, signers)]));
}

const GENESIS: &str = "a genesis of two owners and an admin";

/// Versions of a roster, one after another.
#[derive(Clone)]
struct Chain(Vec<Signed>);

impl Chain {
    fn of(owners: &[u8], admins: &[u8], threshold: u32) -> Self {
        Self(vec![signed_by(&first_roster(owners, admins, threshold), owners)])
    }

    /// The next version, bent.
    fn then(&self, signers: &[u8], bend: impl FnOnce(&mut Roster)) -> Self {
        let last = self.0.last().unwrap();
        let mut next: Roster = serde_json::from_slice(&last.payload.0).unwrap();
        next.version = next.version.next();
        next.prev = Some(last.hash_as::<Roster>());
        next.nonce = None;
        bend(&mut next);
        Self([&self.0[..], &[signed_by(&next, signers)]].concat())
    }

    fn case(&self) -> Value {
        case(&self.0)
    }
}

#[test]
fn rosters_file() {
    let mut maker = maker(
        "rosters",
        "An organization's rosters from the genesis on (docs/protocol.md, section 5): `org` is its id. Gives each version's \
         number and object hash.",
    );
    geneses(&mut maker);
    content(&mut maker);
    versions(&mut maker);
    signatures(&mut maker);
    maker.finish();
}

fn geneses(maker: &mut Maker) {
    let good = signed_by(&first_roster(&[1, 2], &[3], 1), &[1, 2]);
    maker.accept(GENESIS, &case(std::slice::from_ref(&good)));
    genesis(maker, "a genesis that one of two owners signed", &[1], |_| {});
    genesis(maker, "a genesis that an admin signed in an owner's place", &[1, 3], |_| {});
    genesis(maker, "a genesis that nobody signed", &[], |_| {});
    genesis(maker, "a genesis of version 2", &[1, 2], |roster| roster.version = roster.version.next());
    genesis(maker, "a genesis with something before it", &[1, 2], |roster| roster.prev = Some(Hash::ZERO));
    genesis(maker, "a genesis without a nonce", &[1, 2], |roster| roster.nonce = None);
    let mut flipped = good.clone();
    flipped.signatures[1].signature.0[40] ^= 1;
    maker.reject(GENESIS, "a genesis with a false signature", &case(&[flipped]));
    let mut other = case(&[good]);
    other["org"] = json!(OrgId([9; 32]));
    maker.reject(GENESIS, "the genesis of another organization", &other);
}

/// A rule of what a roster holds, and how to break it.
type Rule = (&'static str, fn(&mut Roster));

/// Rules of every version by itself: each is broken in a genesis, and in a later version.
fn content(maker: &mut Maker) {
    let rules: [Rule; 9] = [
        ("a user twice, as owner and admin", |roster| roster.admins[0].user = roster.owners[0].user),
        ("an owner's id twice", |roster| roster.owners[1].user = roster.owners[0].user),
        ("a signing key twice", |roster| roster.admins[0].keys.sign = roster.owners[0].keys.sign),
        ("a KEM key twice", |roster| roster.admins[0].keys.kem = roster.owners[0].keys.kem.clone()),
        ("a threshold of zero", |roster| roster.owner_threshold = 0),
        ("a threshold above the number of owners", |roster| roster.owner_threshold = 3),
        ("a minimum suite of zero", |roster| roster.minimum_suite = 0),
        ("a minimum suite that is not known", |roster| roster.minimum_suite = 2),
        ("an admin twice", |roster| roster.admins.push(roster.admins[0].clone())),
    ];
    let chain = Chain::of(&[1, 2], &[3], 1);
    let next = "version 2, as version 1 but for its place";
    maker.accept(next, &chain.then(&[1, 2], |_| {}).case());
    for (what, bend) in rules {
        genesis(maker, &format!("genesis: {what}"), &[1, 2], bend);
        maker.reject(next, &format!("version 2: {what}"), &chain.then(&[1, 2], bend).case());
    }
    maker.reject(next, "version 2: no owner", &chain.then(&[1, 2], |roster| roster.owners.clear()).case());
}

/// Each version follows the one before.
fn versions(maker: &mut Maker) {
    let chain = Chain::of(&[1, 2], &[3], 1);
    let next = "version 2, as version 1 but for its place";
    let rules: [Rule; 6] = [
        ("a version skipped", |roster| roster.version = roster.version.next()),
        ("the same version again", |roster| roster.version = RosterVersion::FIRST),
        ("another version before", |roster| roster.prev = Some(Hash([1; 32]))),
        ("nothing before it", |roster| roster.prev = None),
        ("a nonce", |roster| roster.nonce = Some(RosterNonce([1; 32]))),
        ("nothing but zeros before it", |roster| roster.prev = Some(Hash::ZERO)),
    ];
    for (what, bend) in rules {
        maker.reject(next, &format!("version 2: {what}"), &chain.then(&[1, 2], bend).case());
    }
    let three = chain.then(&[1], |roster| roster.admins.clear()).then(&[2], |roster| roster.admins.push(member(4)));
    let name = "three versions, admins changed by one owner each";
    maker.accept(name, &three.case());
    let mut left_out = three.clone();
    left_out.0.remove(1);
    maker.reject(name, "a version left out", &left_out.case());
    let mut twice = three.clone();
    twice.0.insert(2, three.0[1].clone());
    maker.reject(name, "a version twice", &twice.case());
    let mut swapped = three;
    swapped.0.swap(1, 2);
    maker.reject(name, "two versions in each other's place", &swapped.case());
}

/// Who signs which change.
fn signatures(maker: &mut Maker) {
    let one = Chain::of(&[1, 2], &[3], 1);
    let more_admins = |roster: &mut Roster| roster.admins.push(member(4));
    let name = "an admin more, signed by one owner";
    maker.accept(name, &one.then(&[2], more_admins).case());
    maker.reject(name, "an admin more, signed by nobody", &one.then(&[], more_admins).case());
    maker.reject(name, "an admin more, signed by an admin", &one.then(&[3], more_admins).case());
    maker.reject(name, "an admin more, signed by that admin", &one.then(&[4], more_admins).case());
    let mut flipped = one.then(&[2], more_admins);
    flipped.0[1].signatures[0].signature.0[40] ^= 1;
    maker.reject(name, "an admin more, with a false signature", &flipped.case());

    let two_of_three = Chain::of(&[1, 2, 3], &[5], 2);
    let of_two = |roster: &mut Roster| roster.admins.push(member(6));
    maker.accept("an admin more, signed by one owner where owners need two", &two_of_three.then(&[3], of_two).case());
    let fields: [Rule; 4] = [
        ("an owner more", |roster| roster.owners.push(member(4))),
        ("an owner's keys", |roster| roster.owners[2].keys = keys(9)),
        ("a lower threshold", |roster| roster.owner_threshold = 1),
        ("an owner less", |roster| drop(roster.owners.pop())),
    ];
    for (what, bend) in fields {
        let name = format!("{what}, signed by two of three owners");
        maker.accept(&name, &two_of_three.then(&[1, 2], bend).case());
        maker.reject(&name, &format!("{what}, signed by one owner"), &two_of_three.then(&[1], bend).case());
        let with_admin = two_of_three.then(&[1, 5], bend);
        maker.reject(&name, &format!("{what}, signed by one owner and an admin"), &with_admin.case());
    }
    // Who comes does not count for the threshold of before, who goes not for the one of after.
    let comes = |roster: &mut Roster| roster.owners.push(member(4));
    let name = "an owner more, signed by two of three owners";
    maker.reject(name, "an owner more, signed by one owner and that one", &two_of_three.then(&[1, 4], comes).case());
    let three = |roster: &mut Roster| roster.owner_threshold = 3;
    let name = "a higher threshold, signed by as many";
    maker.accept(name, &two_of_three.then(&[1, 2, 3], three).case());
    maker.reject(name, "a higher threshold, signed by as many as before", &two_of_three.then(&[1, 2], three).case());
    let replaced = |roster: &mut Roster| {
        roster.owners = vec![member(1), member(7), member(8)];
    };
    let name = "two owners replaced, signed by two of before and of after";
    maker.accept(name, &two_of_three.then(&[1, 2, 7], replaced).case());
    maker.reject(name, "two owners replaced, signed by those of before", &two_of_three.then(&[1, 2], replaced).case());
    maker.reject(name, "two owners replaced, signed by those of after", &two_of_three.then(&[1, 7], replaced).case());
}
