//! Every table of the server's database as it was before, alone and all but one: whoever remembers is told the truth or nothing.

use super::{
    say,
    scene::{Scene, TRUTH},
};
use std::collections::BTreeMap;
use stronghold_hostile::{Back, put_back, tables};
use stronghold_sdk::{Error, ErrorKind};

#[tokio::test]
async fn no_table_taken_back_takes_back_who_remembers() {
    let scene = Scene::new().await;
    scene.is_honest();
    let (agent_knew, session_knew) = (scene.agent_memory(), scene.session_memory().await);
    let all = tables(&scene.before);
    let backs = all.iter().cloned().map(Back::Table).chain(all.iter().cloned().map(Back::AllBut)).chain([Back::Whole]);
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (number, back) in backs.enumerate() {
        let file = scene.world.folder(&format!("back-{number}.db"));
        put_back(&scene.world.database(), &scene.before, &file, &back);
        let Some(wire) = scene.world.wire_to(&file).await else {
            *counts.entry(("both", "no server starts on it")).or_default() += 1;
            continue;
        };
        let memory = scene.copy_of_memory().await;
        let outcomes = [
            ("agent", scene.agent_reads_from(wire.clone()).await),
            ("session", scene.session_works_on(wire, memory.clone()).await),
        ];
        for (client, outcome) in outcomes {
            let word = word(&outcome);
            assert_ne!(word, "believed", "{client} was taken back by {back:?}: {outcome:?}");
            say(&format!("  {back:?} to {client}: {word}"));
            *counts.entry((client, word)).or_default() += 1;
        }
        assert_eq!(scene.agent_memory(), agent_knew, "{back:?} was remembered");
        assert_eq!(scene.remembered_in(&memory).await, session_knew, "{back:?} was remembered");
    }
    say(&format!("{} tables, alone and all but one: {counts:?}", all.len()));
    for client in ["agent", "session"] {
        let count = |word| counts.get(&(client, word)).copied().unwrap_or(0);
        assert!(count("refused") > 0 && count("the truth") > 0, "{counts:?}");
    }
}

fn word(outcome: &Result<String, Error>) -> &'static str {
    match outcome {
        Ok(value) if value == TRUTH => "the truth",
        Ok(_) => "believed",
        Err(error) if error.kind() == ErrorKind::Integrity => "refused",
        Err(_) => "no answer",
    }
}
