//! What people sign of their own keys: acceptances of invitations, and requests for new keys.

use crate::{
    objects::{payload, signed_as, the_world},
    world::{self, json, signing_key},
};
use stronghold_protocol::{acceptance::Acceptance, key_request::KeyRequest};

/// Whose key signs an invitation's acceptance beside the new ones.
const CODE: u8 = 15;
/// The new keys, and those of the recovery kit.
const NEW: u8 = 13;
const KIT: u8 = 14;

/// Payloads of acceptances.
pub mod acceptance {
    use super::*;

    /// One of the invitation that is open.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let (_, invite) = world.directory.invites().next().expect("an invitation");
        let said = Acceptance {
            org: world.org(),
            invite: world.invite,
            user: world::EDITOR,
            email: invite.email.clone(),
            keys: world::keys(NEW),
            recovery: world::keys(KIT),
        };
        vec![json(&said)]
    }

    /// Whether a payload is an acceptance. Signed by the code and the new keys, it is believed only if it is of them, this
    /// organization, invitation and address.
    pub fn check(data: &[u8]) -> bool {
        let Some(read) = payload::<Acceptance>(data) else { return false };
        let world = the_world();
        let (id, invite) = world.directory.invites().next().expect("an invitation");
        let keys = [CODE, NEW, KIT].map(signing_key);
        let envelope = signed_as::<Acceptance>(data, &keys.each_ref());
        if let Ok(believed) = Acceptance::verify(&envelope, &world.org(), &id, invite) {
            let said = believed.value();
            assert_eq!(said, read.value());
            assert_eq!((said.org, said.invite, &said.email), (world.org(), id, &invite.email));
            let ours = keys.map(|key| key.public_key());
            assert!(ours.contains(&said.keys.sign) && ours.contains(&said.recovery.sign), "another's keys");
        }
        true
    }
}

/// Payloads of requests for new keys.
pub mod key_request {
    use super::*;

    /// One of a member.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let replaces = world.owner.public_key().key_id();
        vec![json(&KeyRequest { org: world.org(), user: world::OWNER, replaces, keys: world::keys(NEW) })]
    }

    /// Whether a payload is a request. Signed by the keys in force and the new ones, it is believed only if it is of them, and
    /// never if it is of those in force.
    pub fn check(data: &[u8]) -> bool {
        let Some(read) = payload::<KeyRequest>(data) else { return false };
        let world = the_world();
        let member = world.directory.user(&world::OWNER).expect("a member");
        let new = signing_key(NEW);
        let envelope = signed_as::<KeyRequest>(data, &[&world.owner, &new]);
        if let Ok(believed) = KeyRequest::verify(&envelope, &world.org(), member) {
            let said = believed.value();
            assert_eq!(said, read.value());
            assert_eq!((said.org, said.user, said.replaces), (world.org(), member.id, member.keys.sign.key_id()));
            assert!(said.keys.sign == new.public_key() && said.keys.kem != member.keys.kem, "another's keys");
        }
        true
    }
}
