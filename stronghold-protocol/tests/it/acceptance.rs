//! Acceptances of invitations: who must have signed them, and of what they must be.

use crate::directory_world::*;
use stronghold_protocol::{
    acceptance::{Acceptance, AcceptanceRefusal},
    directory::{Invite, Role},
    id::OrgId,
    signed::{Signed, Verified},
};

/// The seed of the invited person's keys; the recovery kit's is 100 more, the invitation's 50.
const NEW: u8 = 90;

fn scene() -> (World, Invite, Acceptance) {
    let mut world = World::acme();
    world.by(ADMIN, vec![invited(NEW, Role::Editor)]);
    let open = world.state.invite(&invite(NEW + 50)).unwrap().clone();
    let said = Acceptance {
        org: world.org,
        invite: invite(NEW + 50),
        user: user(NEW),
        email: email(NEW),
        keys: keys(NEW),
        recovery: recovery(NEW),
    };
    (world, open, said)
}

fn verify(world: &World, open: &Invite, envelope: &Signed) -> Result<Verified<Acceptance>, AcceptanceRefusal> {
    Acceptance::verify(envelope, &world.org, &invite(NEW + 50), open)
}

#[test]
fn the_invitation_and_both_new_keys_sign() {
    let (world, open, said) = scene();
    let all = [NEW + 50, NEW, NEW + 100];
    assert_eq!(verify(&world, &open, &signed_by(&said, &all)).unwrap().value(), &said);
    for missing in 0..all.len() {
        let mut by = all.to_vec();
        by.remove(missing);
        let refusal = verify(&world, &open, &signed_by(&said, &by)).unwrap_err();
        assert!(matches!(refusal, AcceptanceRefusal::Signed(_)), "{missing}: {refusal}");
        by.push(OWNER);
        let refusal = verify(&world, &open, &signed_by(&said, &by)).unwrap_err();
        assert!(matches!(refusal, AcceptanceRefusal::Signed(_)), "{missing}, and an owner: {refusal}");
    }
}

#[test]
fn it_is_of_this_organization_invitation_and_address() {
    let (world, open, said) = scene();
    let others = [
        (Acceptance { org: OrgId([9; 32]), ..said.clone() }, "organization"),
        (Acceptance { invite: invite(EDITOR), ..said.clone() }, "invitation"),
        (Acceptance { email: email(OWNER), ..said }, "address"),
    ];
    for (other, what) in others {
        let envelope = signed_by(&other, &[NEW + 50, NEW, NEW + 100]);
        assert_eq!(verify(&world, &open, &envelope).map(|_| ()).unwrap_err(), AcceptanceRefusal::Other(what));
    }
}
