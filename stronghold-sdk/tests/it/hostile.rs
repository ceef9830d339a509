//! Every lie of the hostile server, told to an agent and to a session that remember the truth; and to those that do not.

mod database;
mod scene;

use scene::{Scene, TRUTH};
use std::io::Write;
use stronghold_hostile::{Client, Lie, Matrix, Seen};
use stronghold_sdk::{Error, ErrorKind};

const CLIENTS: [Client; 2] = [Client::SdkAgent, Client::SdkSession];

/// What came of a lie that was told so often.
fn seen(told: usize, outcome: Result<String, Error>) -> Seen {
    match outcome {
        _ if told == 0 => Seen::Untold,
        Err(error) if error.kind() == ErrorKind::Integrity => Seen::Refused(error.to_string()),
        Err(error) => Seen::Failed(error.to_string()),
        Ok(value) if value == TRUTH => Seen::Truth,
        Ok(value) => Seen::Believed(value),
    }
}

/// Says a figure past the test harness, which keeps what a passing test prints to itself.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The lies that are told by changing answers.
fn lies() -> Vec<Lie> {
    Lie::ALL.iter().copied().filter(|lie| !lie.is_of_the_database()).collect()
}

#[tokio::test]
async fn every_lie_is_refused_and_nothing_is_remembered() {
    let scene = Scene::new().await;
    let mut matrix = Matrix::default();
    let (agent_knew, session_knew) = (scene.agent_memory(), scene.session_memory().await);
    for lie in lies() {
        for client in CLIENTS {
            scene.operator.lock().unwrap().tell(Some(lie));
            let outcome = match client {
                Client::SdkAgent => scene.agent_reads().await,
                _ => scene.session_works().await,
            };
            let told = scene.operator.lock().unwrap().told();
            scene.operator.lock().unwrap().tell(None);
            let seen = seen(told, outcome);
            if !matches!(seen, Seen::Truth | Seen::Untold) {
                say(&format!("  {} to {}: {seen}", lie.name(), client.name()));
            }
            matrix.note(lie, client, seen);
            assert_eq!(scene.agent_memory(), agent_knew, "{lie:?} was remembered");
            assert_eq!(scene.session_memory().await, session_knew, "{lie:?} was remembered");
        }
    }
    say(&matrix.say(&CLIENTS, &lies()));
    let wrong = matrix.wrong(&CLIENTS, &lies());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // And the truth is believed as before.
    assert_eq!(scene.agent_reads().await.unwrap(), TRUTH);
    assert_eq!(scene.session_works().await.unwrap(), TRUTH);
}

/// What DESIGN calls a freeze: whoever remembers nothing believes an old revision, and a floor or memory notices it.
#[tokio::test]
async fn an_old_revision_is_believed_by_nobody_who_knows_better() {
    let scene = Scene::new().await;
    scene.operator.lock().unwrap().tell(Some(Lie::OldRevision));
    let old = scene.forgetful().pull("production").await.unwrap();
    assert_eq!(old.get("C").unwrap().expose_str().unwrap(), scene::OLD, "nobody could know");
    assert_eq!(scene.operator.lock().unwrap().told(), 1);
    let floor = scene.with_min_revision().pull("production").await.unwrap_err();
    assert_eq!(floor.kind(), ErrorKind::Integrity, "{floor}");
    let lock = scene.with_lock().await.pull("production").await.unwrap_err();
    assert_eq!(lock.kind(), ErrorKind::Integrity, "{lock}");
    let memory = scene.agent_reads().await.unwrap_err();
    assert_eq!(memory.kind(), ErrorKind::Integrity, "{memory}");
    let person = scene.session_works().await.unwrap_err();
    assert_eq!(person.kind(), ErrorKind::Integrity, "{person}");
}
