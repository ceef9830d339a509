//! Whatever a value is, no reader of a dotenv file runs anything of it.

use super::trial::{MARK, Place};
use crate::readers::{self, SHELLS};
use std::{fs, process::Command};
use stronghold_sdk::format::{self, Entries, Format, FormatError, Note, names::AllowedNames};
use stronghold_testkit::random_bytes;
use zeroize::Zeroizing;

type Values = Vec<(String, String)>;

/// Programs that read a file and do with it what applications do.
fn read_by_all(place: &Place, values: &Values) -> Vec<(&'static str, Vec<String>)> {
    let file = place.path().join(".env");
    fs::write(&file, &write(values).unwrap().text).unwrap();
    // dotenv-expand takes time by the square of the number of values: those with a `$`, and not all.
    let for_expand = place.path().join("expand.env");
    let few = values.iter().filter(|(_, value)| value.contains('$')).take(300).cloned().collect();
    fs::write(&for_expand, &write(&few).unwrap().text).unwrap();
    let tool = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"));
    let (python, modules) = (tool("STRONGHOLD_TEST_PYTHON"), tool("STRONGHOLD_TEST_NODE_MODULES"));
    let ruby = "require 'dotenv'; Dotenv.load(ARGV[0])";
    let in_python = |arguments: &str| format!("import sys, dotenv; dotenv.load_dotenv(sys.argv[1]{arguments})");
    let (plain, expanding) = (in_python(", interpolate=False"), in_python(""));
    let in_node = "const d = require(process.env.MODULES + '/dotenv').config({path: process.argv[1], quiet: true});";
    let expand = format!("{in_node} require(process.env.MODULES + '/dotenv-expand').expand(d);");
    let parse = "require('util').parseEnv(require('fs').readFileSync(process.argv[1], 'utf8'));";
    let mut runs: Vec<(&'static str, Command)> = Vec::new();
    for (reader, program, arguments) in [
        ("Ruby's dotenv", "ruby", ["-e", ruby]),
        ("python-dotenv", python.as_str(), ["-c", &plain]),
        ("python-dotenv, by default", python.as_str(), ["-c", &expanding]),
        ("Node's dotenv", "node", ["-e", in_node]),
        ("dotenv-expand", "node", ["-e", &expand]),
        ("Node itself", "node", ["-e", parse]),
    ] {
        let mut command = Command::new(program);
        command.args(arguments).arg(if reader == "dotenv-expand" { &for_expand } else { &file });
        runs.push((reader, command));
    }
    for shell in SHELLS {
        let mut command = readers::shell_command(shell);
        command.args(["-c", &format!("set -a; . {}", file.display())]);
        runs.push((shell, command));
    }
    let mut ran = Vec::new();
    for (reader, mut command) in runs {
        let done = command.env("MODULES", &modules).env(MARK, place.mark(MARK)).current_dir(place.path()).output();
        let done = done.unwrap_or_else(|error| panic!("{reader}: {error}: run `cargo xtask test`"));
        let complaint = String::from_utf8_lossy(&done.stderr).into_owned();
        let marks = place.take_marks();
        if !marks.is_empty() {
            ran.push((reader, marks.into_iter().collect()));
        }
        assert!(done.status.success(), "{reader} cannot read it: {complaint}");
    }
    ran
}

fn write(values: &Values) -> Result<format::Written, FormatError> {
    let pairs = values.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    format::write(Format::Dotenv, pairs, &AllowedNames::default())
}

/// Values of the field, each of which ran in one reader or another, in one form or another.
#[test]
fn case_01_and_others_of_its_kind_are_refused_by_name_or_read_exactly() {
    let touch = "touch RAN";
    let cases = [
        ("GREETING", format!("it's $({touch})"), false),
        ("NOTE", format!("a'b'\"c\"$({touch})"), false),
        ("PW", "it's $5 off".to_owned(), false),
        ("TICK", format!("it's `{touch}`"), false),
        ("BACK", "it's C:\\temp".to_owned(), false),
        ("TICK_IN_LINES", format!("first\n`{touch}`"), false),
        ("SEVERAL_LINES", format!("first\nX=$({touch})\n"), false),
        ("OPEN", format!("$({touch})\nlast"), false),
        ("LINE_OF_A_NAME", "first\nBASH_ENV=/tmp/x\n".to_owned(), false),
        ("LINE_OF_ANOTHER", "first\n  export PATH = /tmp/x\n".to_owned(), false),
        ("LINE_IN_YAML", "first\nLD_PRELOAD: /tmp/x\n".to_owned(), false),
        ("BOTH_QUOTES", "it's \"so\"".to_owned(), false),
        ("RETURN", "a\r\nb".to_owned(), false),
        ("COMMAND", format!("$({touch})"), true),
        ("TICKS", format!("`{touch}`"), true),
        ("PRICE", "$5 off".to_owned(), true),
        ("APOSTROPHE", "it's".to_owned(), true),
        ("JSON", "{\"a\": \"b\\nc\"}".to_owned(), true),
        ("PEM", "-----BEGIN K-----\nabc\n-----END K-----\n".to_owned(), true),
        ("HASH", "a # b".to_owned(), true),
        ("SEMICOLON", format!("; {touch}"), true),
    ];
    let mut held = Values::new();
    for (name, value, is_held) in cases {
        let one = vec![(name.to_owned(), value.clone())];
        match write(&one) {
            Ok(_) => {
                assert!(is_held, "{name} is held");
                held.extend(one);
            }
            Err(refused @ FormatError::Value { .. }) => {
                assert!(!is_held && refused.to_string().contains(name), "{refused}");
                assert!(!refused.to_string().contains(&value), "values are not told");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let written = write(&held).unwrap();
    let expanded = Note::ExpandedInQuotes(["COMMAND", "PRICE"].map(str::to_owned).to_vec());
    assert_eq!(written.notes, [expanded], "who expands in quotes is told, once, for all that it concerns");
    let place = Place::new();
    assert_eq!(read_by_all(&place, &held), [], "nothing runs");
    assert!(!place.path().join("RAN").exists());
    let entries: Entries =
        held.iter().map(|(name, value)| (name.clone(), Zeroizing::new(value.clone().into_bytes()))).collect();
    readers::compare("Node's dotenv", &readers::node_dotenv(&written.text), &entries);
    readers::compare("python-dotenv", &readers::python_dotenv(&written.text), &entries);
}

/// Several lines stand in double quotes where they can, which is the one form that PHP's reader takes for them.
#[test]
fn several_lines_stand_in_double_quotes() {
    let written = write(&vec![("PEM".to_owned(), "-----BEGIN\nit's\n".to_owned())]).unwrap();
    assert_eq!(*written.text, b"PEM=\"-----BEGIN\nit's\n\"\n");
}

#[test]
fn a_name_that_is_no_variable_is_told() {
    let written = write(&vec![("a.b-c".to_owned(), "1".to_owned()), ("D".to_owned(), "1".to_owned())]).unwrap();
    assert_eq!(written.notes, [Note::NotVariables(vec!["a.b-c".to_owned()])]);
}

/// Mixed at random out of what readers act on; what the writer accepts is read by all of them, and nothing runs.
#[test]
fn no_reader_runs_anything_of_a_random_value() {
    let touch = format!("/bin/touch \"${MARK}\"");
    let pieces = [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("${{X:-$({touch})}}"),
        format!("$(($({touch})))"),
        format!("; {touch};"),
        format!("\n{touch}\n"),
        "X=".to_owned(),
        "'".to_owned(),
        "\"".to_owned(),
        "\\".to_owned(),
        "\n".to_owned(),
        "\r".to_owned(),
        " ".to_owned(),
        "#".to_owned(),
        "$".to_owned(),
        "(".to_owned(),
        ")".to_owned(),
        "!".to_owned(),
        "a".to_owned(),
        "\u{2028}".to_owned(),
    ];
    let mut held = Values::new();
    for (number, dice) in random_bytes(30_000).chunks(5).enumerate() {
        // One to five pieces: the fewer, the more of them are held.
        let length = 1 + number % dice.len();
        let value: String =
            dice.iter().take(length).map(|die| pieces[usize::from(*die) % pieces.len()].as_str()).collect();
        let one = vec![(format!("N_{number}"), value)];
        if write(&one).is_ok() {
            held.extend(one);
        }
    }
    let with_command = held.iter().filter(|(_, value)| value.contains("$(")).count();
    assert!(with_command > 0, "some that hold commands are written");
    let place = Place::new();
    let ran = read_by_all(&place, &held);
    if !ran.is_empty() {
        let alone = held.iter().find(|one| !read_by_all(&place, &vec![(*one).clone()]).is_empty());
        panic!("{ran:?} ran something; alone it is {alone:?}");
    }
    println!("{} values, {with_command} with a command in them, by all readers", held.len());
}
