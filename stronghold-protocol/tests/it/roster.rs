//! The roster's chain: who signs which change, and what a version must be.

use crate::directory_world::{first_roster, kem, keys, member, next_roster, sign_key, signed_by};
use stronghold_protocol::{
    crypto::{
        hash::Hash,
        kem::{KemPublicKey, PublicKeys},
        sign::SigningKey,
    },
    id::{OrgId, UserId},
    limits,
    number::RosterVersion,
    roster::{Roster, RosterMember, RosterNonce, RosterRefusal},
    signed::{Signed, SignedRefusal, Verified},
};

fn org_of(envelope: &Signed) -> OrgId {
    OrgId(envelope.hash_as::<Roster>().0)
}

fn genesis(owners: &[u8], admins: &[u8], threshold: u32) -> Verified<Roster> {
    let envelope = signed_by(&first_roster(owners, admins, threshold), owners);
    Roster::verify_genesis(&envelope, &org_of(&envelope)).unwrap()
}

fn genesis_refusal(bend: impl FnOnce(&mut Roster), signers: &[u8]) -> RosterRefusal {
    let mut roster = first_roster(&[1, 2], &[3], 1);
    bend(&mut roster);
    let envelope = signed_by(&roster, signers);
    Roster::verify_genesis(&envelope, &org_of(&envelope)).unwrap_err()
}

fn next(
    before: &Verified<Roster>,
    signers: &[u8],
    bend: impl FnOnce(&mut Roster),
) -> Result<Verified<Roster>, RosterRefusal> {
    let mut roster = next_roster(before);
    bend(&mut roster);
    Roster::verify_next(before, &signed_by(&roster, signers))
}

/// What a rule is about, and a roster that breaks it.
type Case = (&'static str, fn(&mut Roster));

const NOT_SIGNED: RosterRefusal = RosterRefusal::Signed(SignedRefusal::NotSigned);

#[test]
fn a_genesis_is_pinned_by_the_organizations_id() {
    let envelope = signed_by(&first_roster(&[1], &[], 1), &[1]);
    assert!(Roster::verify_genesis(&envelope, &org_of(&envelope)).is_ok());
    let mut other = org_of(&envelope);
    other.0[31] ^= 1;
    assert_eq!(Roster::verify_genesis(&envelope, &other).unwrap_err(), RosterRefusal::Signed(SignedRefusal::OtherHash));
}

#[test]
fn a_genesis_is_signed_by_every_owner_in_it() {
    assert_eq!(genesis_refusal(|_| {}, &[1]), NOT_SIGNED);
    assert_eq!(genesis_refusal(|_| {}, &[1, 3]), NOT_SIGNED);
    assert_eq!(genesis_refusal(|_| {}, &[]), NOT_SIGNED);
    assert_eq!(genesis(&[1, 2], &[3], 2).value().owners.len(), 2);
}

#[test]
fn one_key_that_signs_twice_is_refused() {
    let roster = first_roster(&[1, 2], &[], 1);
    let mut envelope = signed_by(&roster, &[1]);
    envelope.signatures.push(envelope.signatures[0].clone());
    assert_eq!(
        Roster::verify_genesis(&envelope, &org_of(&envelope)).unwrap_err(),
        RosterRefusal::Signed(SignedRefusal::Signatures)
    );
}

#[test]
fn a_genesis_has_version_one_a_nonce_and_nothing_before() {
    let content = |refusal| assert!(matches!(refusal, RosterRefusal::Content(_)), "{refusal}");
    content(genesis_refusal(|roster| roster.version = roster.version.next(), &[1, 2]));
    content(genesis_refusal(|roster| roster.prev = Some(Hash::ZERO), &[1, 2]));
    content(genesis_refusal(|roster| roster.nonce = None, &[1, 2]));
}

#[test]
fn content_rules_hold_for_every_version() {
    let rules: [Case; 9] = [
        ("no owner", |roster| roster.owners.clear()),
        ("threshold zero", |roster| roster.owner_threshold = 0),
        ("threshold above the owners", |roster| roster.owner_threshold = 3),
        ("suite zero", |roster| roster.minimum_suite = 0),
        ("a user twice", |roster| roster.admins[0].user = roster.owners[0].user),
        ("an owner twice", |roster| roster.owners[1] = roster.owners[0].clone()),
        ("a signing key twice", |roster| roster.admins[0].keys.sign = roster.owners[0].keys.sign),
        ("a KEM key twice", |roster| roster.admins[0].keys.kem = roster.owners[0].keys.kem.clone()),
        ("too many admins", |roster| roster.admins = vec![member(9); 257]),
    ];
    let before = genesis(&[1, 2], &[3], 1);
    for (what, bend) in rules {
        let first = genesis_refusal(bend, &[1, 2]);
        assert!(matches!(first, RosterRefusal::Content(_)), "{what}: {first}");
        let later = next(&before, &[1, 2], bend).unwrap_err();
        assert!(matches!(later, RosterRefusal::Content(_)), "{what}: {later}");
    }
    assert_eq!(genesis_refusal(|roster| roster.minimum_suite = 2, &[1, 2]), RosterRefusal::SuiteTooNew(2));
    assert_eq!(next(&before, &[1, 2], |roster| roster.minimum_suite = 9).unwrap_err(), RosterRefusal::SuiteTooNew(9));
}

/// Members that differ in everything, more than there are numbers for.
fn many(count: usize, mark: u8) -> Vec<RosterMember> {
    let one = |number: usize| {
        let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
        let (mut seed, mut kem, mut id) = ([mark; 32], [mark; KemPublicKey::LENGTH], [mark; 16]);
        (seed[0], seed[1]) = (high, low);
        (kem[0], kem[1]) = (high, low);
        (id[14], id[15]) = (high, low);
        let keys = PublicKeys {
            sign: SigningKey::from_seed(&seed).public_key(),
            kem: KemPublicKey::from_bytes(&kem).unwrap(),
        };
        RosterMember { user: UserId::from_bytes(id), keys }
    };
    (0..count).map(one).collect()
}

#[test]
fn a_roster_has_as_many_members_as_the_limit_and_no_more() {
    let before = genesis(&[1], &[], 1);
    let with = |owners: usize, admins: usize| {
        next(&before, &[1], |roster| {
            roster.owners.extend(many(owners - 1, 1));
            roster.admins = many(admins, 2);
        })
    };
    let most = limits::ROSTER_MEMBERS;
    assert_eq!(with(most, most).unwrap().value().members().count(), 2 * most);
    for (owners, admins) in [(most + 1, 0), (1, most + 1)] {
        let refusal = with(owners, admins).unwrap_err();
        assert!(matches!(refusal, RosterRefusal::Content(_)), "{owners} owners, {admins} admins: {refusal}");
    }
}

#[test]
fn versions_are_contiguous_and_name_the_one_before() {
    let before = genesis(&[1], &[], 1);
    assert!(next(&before, &[1], |_| {}).is_ok());
    let bends: [Case; 6] = [
        ("a version skipped", |roster| roster.version = roster.version.next()),
        ("the same version", |roster| roster.version = RosterVersion::FIRST),
        ("another prev", |roster| roster.prev = Some(Hash([1; 32]))),
        ("no prev", |roster| roster.prev = None),
        ("a nonce", |roster| roster.nonce = Some(RosterNonce([1; 32]))),
        ("the genesis again", |roster| *roster = first_roster(&[1], &[], 1)),
    ];
    for (what, bend) in bends {
        assert_eq!(next(&before, &[1], bend).unwrap_err(), RosterRefusal::NotNext, "{what}");
    }
}

#[test]
fn one_owner_changes_the_admins_and_no_admin_does() {
    let before = genesis(&[1, 2], &[3], 2);
    assert!(next(&before, &[1], |roster| roster.admins.push(member(4))).is_ok());
    assert!(next(&before, &[2], |roster| roster.admins.clear()).is_ok());
    assert_eq!(next(&before, &[3], |roster| roster.admins.push(member(4))).unwrap_err(), NOT_SIGNED);
    assert_eq!(next(&before, &[4], |roster| roster.admins.push(member(4))).unwrap_err(), NOT_SIGNED);
    assert_eq!(next(&before, &[], |_| {}).unwrap_err(), NOT_SIGNED);
}

#[test]
fn owner_fields_need_the_threshold_of_the_old_roster() {
    let before = genesis(&[1, 2, 3], &[], 2);
    let more = |roster: &mut Roster| roster.owners.push(member(4));
    assert_eq!(next(&before, &[1], more).unwrap_err(), NOT_SIGNED);
    // A new owner's signature does not count for the old threshold, an admin's or a stranger's neither.
    assert_eq!(next(&before, &[1, 4], more).unwrap_err(), NOT_SIGNED);
    assert!(next(&before, &[1, 2], more).is_ok());
    let lower = |roster: &mut Roster| roster.owner_threshold = 1;
    assert_eq!(next(&before, &[1], lower).unwrap_err(), NOT_SIGNED);
    assert!(next(&before, &[1, 3], lower).is_ok());
    let new_keys = |roster: &mut Roster| roster.owners[0].keys = keys(9);
    assert_eq!(next(&before, &[1, 9], new_keys).unwrap_err(), NOT_SIGNED);
}

#[test]
fn owner_fields_need_the_threshold_of_the_new_roster() {
    let before = genesis(&[1, 2, 3], &[], 1);
    let higher = |roster: &mut Roster| roster.owner_threshold = 2;
    assert_eq!(next(&before, &[1], higher).unwrap_err(), NOT_SIGNED);
    assert!(next(&before, &[1, 2], higher).is_ok());
    // An owner who leaves cannot be the only one to sign, since none of the new owners agreed.
    let leaves = |roster: &mut Roster| {
        roster.owners.remove(0);
    };
    assert_eq!(next(&before, &[1], leaves).unwrap_err(), NOT_SIGNED);
    assert!(next(&before, &[2], leaves).is_ok());
    let replaced = |roster: &mut Roster| roster.owners = vec![member(7)];
    assert_eq!(next(&before, &[1], replaced).unwrap_err(), NOT_SIGNED);
    assert!(next(&before, &[1, 7], replaced).is_ok());
}

#[test]
fn the_minimum_suite_never_goes_down_and_a_false_signature_refuses_all() {
    let before = genesis(&[1, 2], &[], 1);
    let lower = next(&before, &[1, 2], |roster| roster.minimum_suite = 0).unwrap_err();
    assert!(matches!(lower, RosterRefusal::Content(_)));
    let mut envelope = signed_by(&next_roster(&before), &[1, 2]);
    envelope.signatures[1].signature.0[0] ^= 1;
    assert_eq!(Roster::verify_next(&before, &envelope).unwrap_err(), NOT_SIGNED);
    // The same in the name of a key that does not matter is passed over.
    let mut envelope = signed_by(&next_roster(&before), &[1, 8]);
    envelope.signatures[1].signature.0[0] ^= 1;
    assert!(Roster::verify_next(&before, &envelope).is_ok());
}

#[test]
fn members_and_keys_are_owners_then_admins() {
    let roster = genesis(&[1, 2], &[3], 1);
    let roster = roster.value();
    assert_eq!(roster.owner_keys(), [sign_key(1), sign_key(2)]);
    assert_eq!(roster.signing_keys(), [sign_key(1), sign_key(2), sign_key(3)]);
    assert_eq!(roster.members().map(|member| member.keys.kem.clone()).collect::<Vec<_>>(), [kem(1), kem(2), kem(3)]);
}
