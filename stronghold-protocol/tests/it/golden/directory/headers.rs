//! Headers and bodies: signatures, the place in the chain, the roots, and the form.

use super::{ACME, Scene};
use crate::directory_world::*;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Header, Statement},
    encoding::{Base64Bytes, Context},
    number::Seq,
};

/// A statement that is accepted, of which the others differ.
const GROUP: &str = "a group more";

pub(super) fn cases(scene: &mut Scene) {
    let change = [group_created(99, "new")];
    scene.accept(GROUP, &[ADMIN], &change);
    let good = scene.world.forged(&change, &[ADMIN], |_| {});
    signatures(scene, &good);
    let world = scene.world.clone();
    let forged = |bend: &dyn Fn(&mut Header)| world.forged(&change, &[ADMIN], bend);
    let mut reject = |what: &str, statement: &Statement| {
        let case = scene.case(statement);
        scene.maker.reject(GROUP, what, &case);
    };
    let last = world.state.head().seq;
    reject("of another organization", &forged(&|header| header.org.0[0] ^= 1));
    reject("a position left out", &forged(&|header| header.seq = header.seq.next()));
    reject("the position of the one before", &forged(&|header| header.seq = last));
    reject("position 0", &forged(&|header| header.seq = Seq::FIRST));
    reject("another predecessor", &forged(&|header| header.prev = Hash([1; 32])));
    reject("no predecessor", &forged(&|header| header.prev = Hash::ZERO));
    reject("another log root", &forged(&|header| header.log_root = Hash([1; 32])));
    let log_before = world.state.header_log().root_at(world.state.header_log().len() - 1).unwrap();
    reject("the log root of the one before", &forged(&|header| header.log_root = log_before));
    reject("another state root", &forged(&|header| header.state_root = Hash([1; 32])));
    reject("another roster", &forged(&|header| header.roster.hash = Hash([1; 32])));
    reject("another version of the roster", &forged(&|header| header.roster.version = header.roster.version.next()));
    reject("the hash of another body", &forged(&|header| header.body = Hash([1; 32])));
    let other = world.forged(&[group_created(98, "other")], &[ADMIN], |_| {});
    reject("another body", &Statement { body: other.body, ..good.clone() });
    reject("no body", &Statement { body: Base64Bytes::default(), ..good });
    reject("the last statement again", world.statements.last().unwrap());
    bodies(scene);
    state_roots(scene);
}

fn signatures(scene: &mut Scene, good: &Statement) {
    let change = [group_created(99, "new")];
    let world = scene.world.clone();
    let by = |seeds: &[u8]| world.forged(&change, seeds, |_| {});
    let mut reject = |what: &str, statement: &Statement| {
        let case = scene.case(statement);
        scene.maker.reject(GROUP, what, &case);
    };
    reject("signed by an editor", &by(&[EDITOR]));
    reject("signed by an agent", &by(&[CI]));
    reject("signed by a stranger", &by(&[77]));
    reject("signed by a recovery kit of the admin", &by(&[ADMIN + 100]));
    reject("not signed", &by(&[]));
    reject("signed twice by one key", &by(&[ADMIN, ADMIN]));
    let with = |bend: &dyn Fn(&mut Statement)| {
        let mut bent = good.clone();
        bend(&mut bent);
        bent
    };
    reject("a bit of the signature flipped", &with(&|it| it.header.signatures[0].signature.0[40] ^= 1));
    let stranger = by(&[77]);
    reject(
        "a stranger's signature in the admin's name",
        &with(&|it| {
            it.header.signatures[0].signature = stranger.header.signatures[0].signature;
        }),
    );
    reject(
        "signed as a body",
        &with(&|it| {
            let input = Context::new("signed-object").field("body.v1").field(&it.header.payload.0).finish();
            it.header.signatures[0].signature = signer(ADMIN).sign(&input);
        }),
    );
    let later = world.forged(&change, &[], |header| header.time = "2030-01-01T00:00:00.000Z".parse().unwrap());
    reject("another header under the signature", &with(&|it| it.header.payload = later.header.payload.clone()));
    let mut and_false = by(&[ADMIN, OWNER]);
    and_false.header.signatures[1].signature = and_false.header.signatures[0].signature;
    reject("signed, with a false signature of the owner beside it", &and_false);
}

/// The body's form: what one reader takes and another refuses would be two chains.
fn bodies(scene: &mut Scene) {
    let change = serde_json::to_string(&group_created(99, "new")).unwrap();
    let status = |conditions: &str| {
        format!(
            r#"{{"changes":[{{"kind":"agent_changed","id":"{}","name":"ci","status":"active","conditions":{conditions}}}]}}"#,
            agent(CI)
        )
    };
    let spaced = status(r#" {"max_uses": null,"source_cidrs":[],"expires_at":null,"not_before":null}"#);
    let world = scene.world.clone();
    let statement = |body: &str| world.forged_bytes(body.as_bytes().to_vec(), &[ADMIN], |_| {});
    let case = scene.case(&statement(&spaced));
    scene.maker.accept_like(ACME, "a body with space, and members in another order", &case);
    let mut refuse = |what: &str, body: &str| scene.reject_statement(what, &statement(body));
    refuse("a body that is no JSON", "{");
    refuse("a body with something after it", &format!(r#"{{"changes":[{change}]}} 1"#));
    refuse("a body with an unknown member", &format!(r#"{{"changes":[{change}],"x":1}}"#));
    refuse("a body with a member twice", &format!(r#"{{"changes":[{change}],"changes":[{change}]}}"#));
    refuse("an array in the place of a body", &format!("[[{change}]]"));
    refuse("a body without a change", r#"{"changes":[]}"#);
    refuse("a change of a kind that there is not", r#"{"changes":[{"kind":"coffee_made"}]}"#);
    let more = change.replacen('{', r#"{"x":1,"#, 1);
    refuse("a change with an unknown member", &format!(r#"{{"changes":[{more}]}}"#));
    refuse("conditions without their optional members", &status(r#"{"source_cidrs":[]}"#));
    refuse("an array in the place of conditions", &status("[null,null,[],null]"));
    let fraction = r#"{"not_before":null,"expires_at":null,"source_cidrs":[],"max_uses":1.0}"#;
    refuse("a number with a fraction", &status(fraction));
    let member = format!(
        r#"{{"changes":[{{"kind":"member_added","group":"{}","member":["agent","{}"]}}]}}"#,
        group(DEPLOY),
        agent(OTHER_AGENT)
    );
    refuse("an array in the place of a principal", &member);
}

/// The state root follows the changes.
fn state_roots(scene: &mut Scene) {
    let change = [Change::ProfileVouched { id: profile(PRODUCTION), vouched: vouched(7) }];
    scene.accept("a revision vouched for", &[ADMIN], &change);
    let stale = scene.world.forged(&change, &[ADMIN], |_| {});
    let case = scene.case(&stale);
    scene.maker.reject("a revision vouched for", "the state root of before", &case);
}
