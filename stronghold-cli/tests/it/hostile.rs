//! Every lie of the hostile server, told to the command line as an agent and as a person who remember the truth: exit code 5,
//! nothing written, nothing remembered.

mod scene;

use crate::{say, shown::acts};
use scene::{Scene, TRUTH};
use stronghold_hostile::{Client, Lie, Matrix, Seen};
use stronghold_testkit::Run;

const CLIENTS: [Client; 2] = [Client::CliAgent, Client::CliPerson];
const INTEGRITY: i32 = 5;

/// The lies that are told by changing answers, or what carries them.
fn lies() -> Vec<Lie> {
    Lie::ALL.iter().copied().filter(|lie| !lie.is_of_the_database()).collect()
}

/// What came of a lie, by the command to which it was told.
fn seen(run: &Run) -> Seen {
    let said = run.messages();
    let line = said.lines().next().unwrap_or_default().to_owned();
    assert!(!said.contains("panicked"), "{run}");
    // Neither a colour nor a title comes from a server, nor a text that runs the other way.
    assert!(!said.chars().any(acts), "{run}");
    match run.code() {
        0 => Seen::Truth,
        INTEGRITY => Seen::Refused(line),
        _ => Seen::Failed(line),
    }
}

#[test]
fn every_lie_is_refused_and_nothing_is_written_or_remembered() {
    let scene = Scene::new();
    let mut matrix = Matrix::default();
    for lie in lies() {
        for client in CLIENTS {
            let mut what = Seen::Untold;
            let mut before = None;
            for command in scene.commands(client, lie) {
                before = Some(scene.kept(client));
                scene.hostile.tell(Some(lie));
                let run = scene.run(client, &command);
                let told = scene.hostile.told();
                scene.hostile.tell(None);
                if told > 0 {
                    what = seen(&run);
                    if what == Seen::Truth && scene.written(client).is_some_and(|value| value != TRUTH) {
                        what = Seen::Believed(run.to_string());
                    }
                    break;
                }
            }
            if !matches!(what, Seen::Truth | Seen::Untold) {
                say(&format!("{} to {}: {what}", lie.name(), client.name()));
                assert_eq!(
                    Some(scene.kept(client)),
                    before,
                    "{lie:?} to {}: something was written or remembered",
                    client.name()
                );
            }
            matrix.note(lie, client, what);
        }
    }
    say(&matrix.say(&CLIENTS, &lies()));
    let wrong = matrix.wrong(&CLIENTS, &lies());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for client in CLIENTS {
        for command in scene.commands(client, Lie::OldRevision) {
            assert_eq!(scene.run(client, &command).code(), 0, "the truth is believed as before");
        }
    }
}

/// No name that comes from a server, or from whoever writes secrets, becomes a path.
#[test]
fn no_name_becomes_a_path() {
    let org = crate::org();
    let name = format!("../../{}/../escaped", org.name("profile"));
    org.owner.json(&["profile", "create", &name]);
    org.push(&name, &[("../KEY", b"value"), ("/tmp/KEY", b"other")]);
    let agent = org.agent(&[&org.group(&[&name])]);
    let cli = org.as_agent(&agent);
    cli.ok(&["env", "pull", "--profile", &name, "--format", "json"]);
    let folder = cli.config_dir().to_owned();
    let mut files = scene::files(&folder);
    files.extend(scene::files(org.owner.config_dir()));
    for path in files.keys() {
        let text = path.to_str().unwrap();
        assert!(!text.contains("escaped") && !text.contains("KEY") && !text.contains(".."), "{text}");
    }
    assert!(!folder.parent().unwrap().join("escaped").exists());
}
