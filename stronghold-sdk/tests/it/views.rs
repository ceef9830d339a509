//! What this client remembers beside what a server shows, while another process of the same folder goes on.

use crate::world::{Wire, World};
use stronghold_sdk::{admin::Session, heads::Verdict, protocol::name::Name};

#[tokio::test]
async fn what_another_process_writes_meanwhile_is_not_lost() {
    let mut world = World::new().await;
    world.profile("production", &[("KEY", "value")]).await;
    let folder = world.folder("state");
    let remembering = || Session::<Wire>::builder(&world.owner).state_dir(&folder);
    remembering().open(world.client()).await.unwrap();

    let memory = remembering().recollect().await.unwrap();
    let mut session = Session::<Wire>::builder(&world.owner).open_to_compare(world.client()).await.unwrap();
    let mut other = remembering().open(world.client()).await.unwrap();
    let view = session.view(&mut |_| {}).await.unwrap();
    other.create_group(Name::new("meanwhile").unwrap()).await.unwrap();
    let held = session.compare_memory(&view, &memory).await.unwrap();
    assert_eq!(held.verdict(), Verdict::Same);
    assert!(held.statements.is_empty(), "{:?}", held.statements);

    // Of a server that is older than what was recollected, all is told: that of the other process too, now.
    let memory = remembering().recollect().await.unwrap();
    let held = session.compare_memory(&view, &memory).await.unwrap();
    assert_eq!(held.verdict(), Verdict::Older);
    assert_eq!(held.statements.len(), 1);
}
