//! Steps 3 and 4 of section 11, where what is shown was right once.

use super::Scene;
use crate::{
    directory_world::PRODUCTION,
    evidence_world::{Client, show},
    golden::Maker,
};
use stronghold_protocol::encoding::Base64Bytes;

/// Headers of before: right in their time, and shown to who knows more.
pub(super) fn heads(maker: &mut Maker, scene: &Scene) {
    // The header below the newest, shown to a client that remembers nothing, and to one that remembers the newest.
    let mut earlier = scene.world.clone();
    earlier.statements.pop();
    earlier.state = earlier.replayed();
    let mut client = Client::new(&earlier);
    client.anchor.seq = scene.good.client.seq;
    client.anchor.hash.clone_from(&scene.good.client.hash.0);
    let shown = show(&earlier, &client, PRODUCTION, &scene.good.profile.manifest);
    let fresh = scene.bent(|it| {
        (it.client.remembered, it.client.roster) = (None, None);
        (it.chain, it.profile) = (shown.chain.clone(), shown.profile.clone());
    });
    let name = "the header before the newest, to who remembers nothing";
    maker.accept(name, &fresh);
    let mut knows_more = fresh.clone();
    knows_more.client.remembered = Some(scene.world.state.head());
    maker.reject(name, "the header before the newest, to who remembers the newest", &knows_more);
    // A token of a later position than the head: its anchor is proven nowhere, as a log holds only what was before it.
    let mut later = fresh;
    later.client.seq = scene.world.state.head().seq;
    later.client.hash = Base64Bytes(scene.world.state.head().hash.0[..16].to_vec());
    later.chain.anchor = scene.world.statements.last().unwrap().header.clone();
    later.chain.rosters.remove(0);
    maker.reject(name, "the header before the newest, to a token of the newest", &later);
}
