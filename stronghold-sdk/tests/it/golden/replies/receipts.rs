//! Step 7: the record of the request, and the server's signature.

use super::{Maker, PART, PRODUCTION, STAGING, Scene, WHOLE, bent};
use crate::forge::{Bend, NO_HASH, OTHER_AGENT, agent, identity, profile_id};
use serde_json::json;
use stronghold_sdk::protocol::{
    audit::{AuditRecord, Outcome, Released},
    crypto::sign::SigningKey,
    id::{OrgId, UserId},
    number::Revision,
    request::{Method, RequestNonce, RequestParts, SignatureParams, SignedRequest},
};

pub(super) fn cases(maker: &mut Maker, scene: &Scene) {
    whole(maker, scene);
    part(maker, scene);
    signatures(maker, scene);
}

/// The request with another nonce.
fn other_request(request: &SignedRequest) -> SignedRequest {
    let identity = identity(crate::forge::AGENT);
    let parts = RequestParts::new(Method::Get, request.parts().path(), request.parts().query()).unwrap();
    let params = SignatureParams { nonce: RequestNonce([8; 16]), ..*request.params() };
    SignedRequest::sign(request.authority().clone(), parts, params, |base| identity.signing_key().sign(base))
}

fn whole(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut AuditRecord)| {
        maker.reject(WHOLE, &format!("7: {what}"), &scene.whole(&Bend { record: bend, ..Bend::default() }));
    };
    reject("a record of another organization", &|it| it.org = OrgId([9; 32]));
    reject("a record of another agent", &|it| it.principal = Some(agent(OTHER_AGENT).into()));
    reject("a record of a user", &|it| {
        it.principal = Some(UserId::from_bytes(*agent(crate::forge::AGENT).as_bytes()).into())
    });
    reject("a record of nobody", &|it| it.principal = None);
    reject("a record of another key", &|it| it.key_id = Some(identity(OTHER_AGENT).public_keys().sign.key_id()));
    reject("a record of another action", &|it| it.action = "profile.list".to_owned());
    reject("a record of a partial read", &|it| it.action = "secret.read".to_owned());
    reject("a record of a denial", &|it| it.outcome = Outcome::Denied);
    reject("a record of a denial with its reason", &|it| {
        (it.outcome, it.reason, it.released) = (Outcome::Denied, Some("forbidden".to_owned()), None);
    });
    reject("a record of another request", &|it| it.request = it.request.as_ref().map(other_request));
    reject("a record that nothing was released", &|it| it.released = None);
    let released = |profile: u8, revision: Revision, it: &mut AuditRecord| {
        if let Some(Released::Profile { manifest, .. }) = it.released {
            it.released = Some(Released::Profile { profile: profile_id(profile), revision, manifest });
        }
    };
    let second = Revision::FIRST.next();
    reject("a record that another profile was released", &|it| released(STAGING, second, it));
    reject("a record that another revision was released", &|it| released(PRODUCTION, Revision::FIRST, it));
    reject("a record that another manifest was released", &|it| {
        it.released = Some(Released::Profile { profile: profile_id(PRODUCTION), revision: second, manifest: NO_HASH });
    });
    reject("a record that the manifest was written", &|it| {
        if let Some(Released::Profile { profile, revision, manifest }) = it.released {
            it.released = Some(Released::Manifest { profile, revision, manifest });
        }
    });
}

fn part(maker: &mut Maker, scene: &Scene) {
    let mut sorted = scene.part(&Bend::default());
    let reversed: &dyn Fn(&mut AuditRecord) = &|it| {
        if let Some(Released::Secrets { secrets, .. }) = &mut it.released {
            secrets.reverse();
        }
    };
    maker.accept_like(
        PART,
        "a part, recorded in another order",
        &scene.part(&Bend { record: reversed, ..Bend::default() }),
    );
    let mut reject = |what: &str, bend: &dyn Fn(&mut AuditRecord)| {
        maker.reject(PART, &format!("7: {what}, in part"), &scene.part(&Bend { record: bend, ..Bend::default() }));
    };
    type Lists<'a> = (
        &'a mut Vec<stronghold_sdk::protocol::audit::ReleasedSecret>,
        &'a mut Vec<stronghold_sdk::protocol::secret::BlindIndex>,
    );
    fn lists(it: &mut AuditRecord) -> Lists<'_> {
        let Some(Released::Secrets { secrets, absent, .. }) = &mut it.released else { panic!("a partial read") };
        (secrets, absent)
    }
    reject("a secret less", &|it| lists(it).0.truncate(1));
    reject("a secret more", &|it| {
        let mut more = lists(it).0[0];
        more.version = more.version.next();
        lists(it).0.push(more);
    });
    reject("another version", &|it| lists(it).0[0].version = lists(it).0[0].version.next());
    reject("an absent one less", &|it| lists(it).1.clear());
    reject("an absent one more", &|it| lists(it).1.push(scene.forge.index(PRODUCTION, "LINK")));
    reject("another absent one", &|it| lists(it).1[0] = scene.forge.index(PRODUCTION, "OTHER"));
    reject("a read of the whole profile", &|it| it.action = "profile.read".to_owned());
    reject("another profile", &|it| {
        if let Some(Released::Secrets { profile, .. }) = &mut it.released {
            *profile = profile_id(STAGING);
        }
    });
    reject("another revision", &|it| {
        if let Some(Released::Secrets { revision, .. }) = &mut it.released {
            *revision = Revision::FIRST;
        }
    });
    sorted.reply.part.present.pop();
    maker.reject(PART, "9: a secret less than was asked for", &sorted);
    let mut neighbour = scene.part(&Bend::default());
    neighbour.reply.part.neighbours.clear();
    maker.reject(PART, "9: no neighbour of one that is absent", &neighbour);
    let mut other = scene.part(&Bend::default());
    other.reply.part.present[0].proof.path[0].0[0] ^= 1;
    maker.reject(PART, "9: a node of a secret's proof altered", &other);
}

fn signatures(maker: &mut Maker, scene: &Scene) {
    let good = scene.whole(&Bend::default());
    let mut flipped = good.clone();
    flipped.reply.receipt.signature.0[40] ^= 1;
    maker.reject(WHOLE, "7: a bit of the receipt's signature flipped", &flipped);
    let mut other = good.clone();
    other.reply.receipt.position += 1;
    maker.reject(WHOLE, "7: a receipt at another position", &other);
    let mut other = good.clone();
    other.reply.receipt.key = SigningKey::from_seed(&[77; 32]).public_key();
    maker.reject(WHOLE, "7: a receipt of another key", &other);
    maker.reject(
        WHOLE,
        "7: a receipt whose record is altered",
        &bent(&good, |it| {
            let bend: &dyn Fn(&mut AuditRecord) = &|it| it.address = None;
            let other = scene.whole(&Bend { record: bend, ..Bend::default() });
            it["reply"]["receipt"]["record"] = json!(other.reply.receipt.record);
        }),
    );
}
