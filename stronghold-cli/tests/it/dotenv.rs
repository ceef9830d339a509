//! Files in, files out, and the programs that read them.

use crate::{
    org,
    readers::{self, Pairs},
    say, text,
};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use stronghold_testkit::{Cli, random_bytes};

/// Pulls a profile in a format into a file.
fn pull(cli: &Cli, profile: &str, format: &str, without: &[String]) -> PathBuf {
    let file = org().folder();
    let without = without.join(",");
    let mut arguments = vec!["env", "pull", "--profile", profile, "--format", format, "-o", text(&file)];
    if !without.is_empty() {
        arguments.extend(["--except", &without]);
    }
    cli.ok(&arguments);
    file
}

/// What a profile holds, as JSON shows it.
fn stored(cli: &Cli, profile: &str) -> Pairs {
    let pulled = cli.ok(&["env", "pull", "--profile", profile, "--format", "json"]).json();
    let members = pulled.as_object().unwrap().iter();
    members
        .map(|(name, value)| {
            let bytes = match value {
                Value::String(text) => text.clone().into_bytes(),
                other => data_encoding::BASE64.decode(other["base64"].as_str().unwrap().as_bytes()).unwrap(),
            };
            (name.clone(), bytes)
        })
        .collect()
}

/// The names that a format refuses one after another, each with a line that names it; the rest can be pulled.
fn refused(cli: &Cli, profile: &str, format: &str, pairs: &Pairs) -> Vec<String> {
    let mut refused: Vec<String> = Vec::new();
    loop {
        let without = refused.join(",");
        let mut arguments = vec!["env", "pull", "--profile", profile, "--format", format];
        if !refused.is_empty() {
            arguments.extend(["--except", &without]);
        }
        let run = cli.run(&arguments);
        if run.code() == 0 {
            return refused;
        }
        let line = run.fails(1);
        let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || "\":,".contains(c)).collect();
        let name = pairs.keys().find(|name| words.contains(&name.as_str()) && !refused.contains(name));
        refused.push(name.unwrap_or_else(|| panic!("this line names no secret: {line}")).clone());
    }
}

/// Compares and counts.
fn compare(what: &str, read: &Pairs, expected: &Pairs, without: &[String]) -> usize {
    let expected: Pairs =
        expected.iter().filter(|(name, _)| !without.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    assert_eq!(read.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}: names");
    for (name, value) in &expected {
        assert!(read[name] == *value, "{what}: {name} is read as {:?}, not as {:?}", shown(&read[name]), shown(value));
    }
    expected.len()
}

fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(&value[..value.len().min(200)]).into_owned()
}

/// Pulls in every format, reads with every reader. Returns the number of compared pairs.
fn read_everywhere(what: &str, cli: &Cli, profile: &str, expected: &Pairs) -> (usize, [usize; 2]) {
    let mut compared = compare(what, &stored(cli, profile), expected, &[]);
    let not_dotenv = refused(cli, profile, "dotenv", expected);
    let dotenv = pull(cli, profile, "dotenv", &not_dotenv);
    compared += compare(&format!("{what}, Node's dotenv"), &readers::node(&dotenv), expected, &not_dotenv);
    compared += compare(&format!("{what}, python-dotenv"), &readers::python(&dotenv), expected, &not_dotenv);
    let not_shell = refused(cli, profile, "shell", expected);
    let shell = pull(cli, profile, "shell", &not_shell);
    for program in ["dash", "bash"] {
        compared += compare(&format!("{what}, {program}"), &readers::shell(program, &shell), expected, &not_shell);
    }
    (compared, [not_dotenv.len(), not_shell.len()])
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.is_file() && file.extension().is_none_or(|ending| ending != "md"));
    files.sort();
    files
}

/// Pairs that our own fixtures give through all formats and readers. More fixtures raise it; nothing may lower it but a form
/// that some reader acts on (values with an apostrophe and a backslash, `$` or quote have been in none since).
const FEWEST_PAIRS: usize = 185;

/// Real files: what Node's `dotenv` reads in them is what is stored, and what every reader gets back.
#[test]
fn files_are_pushed_and_pulled_back() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stronghold-sdk/tests/fixtures/dotenv");
    let mut files = files_of(&own);
    assert!(files.len() >= 6, "our own fixtures are there");
    if let Some(folder) = env::var_os("STRONGHOLD_TEST_DOTENV_DIR") {
        let real = files_of(Path::new(&folder));
        assert!(!real.is_empty(), "STRONGHOLD_TEST_DOTENV_DIR holds files");
        files.extend(real);
    }
    let (mut compared, mut least) = (0, 0);
    for file in &files {
        let expected = readers::node(file);
        assert!(!expected.is_empty(), "{} holds something", file.display());
        let profile = org().profile(&[]);
        let pushed = org().owner.json(&["env", "push", "--profile", &profile, text(file), "--format", "dotenv"]);
        assert_eq!(pushed["created"], expected.len());
        let agent = org().agent(&[&org().group(&[&profile])]);
        let cli = org().as_agent(&agent);
        let (pairs, refused) = read_everywhere(&file.display().to_string(), &cli, &profile, &expected);
        say(&format!(
            "{}: {} secrets, {pairs} pairs, not held by dotenv and shell: {refused:?}",
            file.display(),
            expected.len()
        ));
        compared += pairs;
        least += 5 * expected.len() - 2 * refused[0] - 2 * refused[1];

        // What we wrote, pushed again, changes nothing.
        let written = pull(&cli, &profile, "json", &[]);
        let again =
            org().owner.json(&["env", "push", "--profile", &profile, text(&written), "--format", "json", "--prune"]);
        assert_eq!((&again["unchanged"], &again["revision"]), (&expected.len().into(), &pushed["revision"]));
    }
    say(&format!("compared {compared} pairs of {} files", files.len()));
    assert_eq!(compared, least);
    assert!(compared >= FEWEST_PAIRS, "the number of compared pairs fell");
}

/// Values that trip up readers, alone and mixed at random: each comes back exactly from every format that holds it.
#[test]
fn hard_values_survive_every_format_that_holds_them() {
    let pieces = [
        "\n",
        "\r",
        "\t",
        " ",
        "'",
        "\"",
        "`",
        "$",
        "${HOME}",
        "$(id)",
        "\\",
        "\\n",
        "\\\\",
        "#",
        " # ",
        "=",
        "é",
        "\u{1f980}",
        "\u{2028}",
        "%s",
        "!",
        ";",
        "&&",
        "~",
        "*",
        "value",
        "-----BEGIN KEY-----",
        "\u{feff}",
        "\u{7f}",
    ];
    let mut secrets: Vec<(String, Vec<u8>)> = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        secrets.push((format!("ALONE_{number}"), piece.as_bytes().to_vec()));
        secrets.push((format!("INSIDE_{number}"), format!("a{piece}b").into_bytes()));
    }
    // The dice are printed with a failure, since the value is.
    for (number, dice) in random_bytes(1200).chunks(6).enumerate() {
        let mixed: String = dice.iter().map(|die| pieces[usize::from(*die) % pieces.len()]).collect();
        secrets.push((format!("MIXED_{number}"), mixed.into_bytes()));
    }
    secrets.push(("EMPTY".to_owned(), Vec::new()));
    secrets.push(("LARGEST".to_owned(), "0123456789abcde\n".repeat(16 * 1024).into_bytes()));
    secrets.push(("BINARY".to_owned(), b"\xff\xfe\x80".to_vec()));
    secrets.push(("HOLDS_NUL".to_owned(), b"a\0b".to_vec()));
    secrets.push(("dotted.name".to_owned(), b"dots".to_vec()));
    secrets.push(("name with spaces".to_owned(), b"spaces".to_vec()));

    let expected: Pairs = secrets.iter().cloned().collect();
    let borrowed: Vec<(&str, &[u8])> = secrets.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let profile = org().profile(&borrowed);
    let agent = org().agent(&[&org().group(&[&profile])]);
    let cli = org().as_agent(&agent);
    let mut compared = compare("json", &stored(&cli, &profile), &expected, &[]);

    // Names that a line of an error cannot be searched for by words are left out first.
    let odd = ["name with spaces".to_owned(), "dotted.name".to_owned()];
    for name in &odd {
        for format in ["shell", "dotenv"] {
            let run = cli.run(&["env", "pull", "--profile", &profile, "--only", name, "--format", format]);
            let holds = format == "dotenv" && name == "dotted.name";
            if holds {
                assert_eq!(run.code(), 0, "{run}");
            } else {
                assert!(run.fails(1).contains(name.as_str()), "{run}");
            }
        }
    }
    org().owner.json(&["secret", "delete", "name with spaces", "--profile", &profile, "--yes"]);
    org().owner.json(&["secret", "delete", "dotted.name", "--profile", &profile, "--yes"]);
    let expected: Pairs = expected.into_iter().filter(|(name, _)| !odd.contains(name)).collect();
    let (pairs, refused) = read_everywhere("hard values", &cli, &profile, &expected);
    compared += pairs;
    say(&format!(
        "compared {compared} pairs of {} hard values; not held by dotenv and shell: {refused:?}",
        expected.len()
    ));
    assert_eq!(refused[1], 1, "a shell holds everything but NUL");
    // Binary and NUL, and those mixed values that no quoting of dotenv can hold for both readers.
    let easy = expected.values().filter(|value| is_easy(value)).count();
    assert!(refused[0] >= 2 && expected.len() - refused[0] >= easy, "dotenv refuses what is easy: {refused:?}, {easy}");
}

/// Whether a value stands in one kind of quotes on one line, without anything in it on which a reader acts there.
fn is_easy(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let lacks = |forbidden: &[char]| !text.contains(forbidden);
    lacks(&['\0', '\r', '\n', '\\']) && (lacks(&['\'']) || lacks(&['"', '$', '`']))
}
