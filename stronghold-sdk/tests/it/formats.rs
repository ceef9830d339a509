//! Formats: round trips of our own, and what the real readers make of what we write.

use crate::readers;
use proptest::{prelude::*, strategy::ValueTree};
use std::{fs, path::PathBuf};
use stronghold_sdk::format::{self, Entries, Format, FormatError, ParseError, names::AllowedNames};
use zeroize::Zeroizing;

fn entries(pairs: &[(&str, &[u8])]) -> Entries {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new(value.to_vec()))).collect()
}

fn write(format: Format, entries: &Entries) -> Result<Vec<u8>, FormatError> {
    let pairs = entries.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    format::write(format, pairs, &AllowedNames::default()).map(|written| written.text.to_vec())
}

/// Values that formats get wrong: every quote, escape, expansion and separator, alone and together.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "'",
        "\"",
        "`",
        "\\",
        "\\n",
        "\\\\",
        "\n",
        "\r",
        "\r\n",
        "\t",
        " ",
        "#",
        " #",
        "$",
        "${HOME}",
        "$(id)",
        "=",
        "!",
        "export ",
        "é",
        "\u{2028}",
        "\u{feff}",
        "\u{1f510}",
        "a",
        "B",
        "0",
        ";",
        "&",
        "|",
        "*",
        "~",
        "%",
    ]);
    prop_oneof![
        3 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn batch() -> impl Strategy<Value = Entries> {
    prop::collection::vec(nasty(), 1..200).prop_map(|values| {
        let numbered = values.into_iter().enumerate();
        numbered.map(|(number, value)| (format!("NAME_{number:03}"), Zeroizing::new(value))).collect()
    })
}

/// What a format holds of a batch: what it refuses, it refuses by name, and is left out.
fn held(format: Format, all: &Entries) -> Entries {
    all.iter()
        .filter(|(name, value)| {
            let one = entries(&[(name, value)]);
            match write(format, &one) {
                Ok(_) => true,
                Err(FormatError::Value { name: refused, .. }) => {
                    assert_eq!(refused, *name);
                    false
                }
                Err(other) => panic!("{other}"),
            }
        })
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(all in batch()) {
        for format in [Format::Dotenv, Format::Json] {
            let held = held(format, &all);
            let text = write(format, &held).unwrap();
            prop_assert_eq!(format::parse(&text, format).unwrap(), held);
        }
        prop_assert_eq!(held(Format::Json, &all).len(), all.len(), "JSON holds everything");
    }

    #[test]
    fn parsers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = format::parse(&bytes, Format::Dotenv);
        let _ = format::parse(&bytes, Format::Json);
    }

    #[test]
    fn parsers_never_panic_on_text(text in "[A-C= '\"`#\\\\\n\r:export$]{0,80}") {
        let _ = format::parse(text.as_bytes(), Format::Dotenv);
    }
}

/// Every accepted value comes back exactly from every real reader. The number of compared pairs is printed, and is the
/// number of accepted ones: it cannot fall unseen.
#[test]
fn real_readers_read_exactly_what_was_stored() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all: Entries = Vec::new();
    while all.len() < 1200 {
        let value = nasty().new_tree(&mut runner).unwrap().current();
        all.push((format!("NAME_{:04}", all.len()), Zeroizing::new(value)));
    }
    for (number, big) in [vec![b'x'; 256 * 1024], "é\n'$".repeat(64 * 1024 / 5).into_bytes()].into_iter().enumerate() {
        all.push((format!("BIG_{number}"), Zeroizing::new(big)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let dotenv = held(Format::Dotenv, &all);
    let shell = held(Format::Shell, &all);
    // Of these values a third is hard on purpose. What can be held is: all of one line without CR and NUL that leaves one kind
    // of quote to stand in.
    let easy = all.iter().filter(|(_, value)| is_easy(value)).count();
    assert!(easy * 4 > all.len() && dotenv.len() >= easy, "{} of {easy} easy values are held", dotenv.len());
    assert!(dotenv.iter().filter(|(_, value)| is_easy(value)).count() == easy, "an easy value is refused");
    let without_nul = all.iter().filter(|(_, value)| !value.contains(&0)).count();
    assert_eq!(shell.len(), without_nul, "a shell holds everything but NUL");
    let text = write(Format::Dotenv, &dotenv).unwrap();
    let script = write(Format::Shell, &shell).unwrap();
    let mut compared = 0;
    for (reader, read, stored) in [
        ("Node dotenv", readers::node_dotenv(&text), &dotenv),
        ("Node itself", readers::node_parse_env(&text), &dotenv),
        ("python-dotenv", readers::python_dotenv(&text), &dotenv),
    ] {
        compared += readers::compare(reader, &read, stored);
    }
    for program in readers::SHELLS {
        compared += readers::compare(program, &readers::shell(program, &script, &shell), &shell);
        compared += readers::compare(program, &readers::shell(program, &text, &dotenv), &dotenv);
    }
    // Those that go line by line, or expand: what has one line, and no `$`.
    let one_line: Entries = dotenv.iter().filter(|(_, value)| !value.contains(&b'\n')).cloned().collect();
    let text = write(Format::Dotenv, &one_line).unwrap();
    compared += readers::compare("Ruby's dotenv", &readers::ruby_dotenv(&text), &one_line);
    let plain: Entries = dotenv.iter().filter(|(_, value)| !value.contains(&b'$')).cloned().collect();
    let text = write(Format::Dotenv, &plain).unwrap();
    compared += readers::compare("dotenv-expand", &readers::dotenv_expand(&text), &plain);
    compared += readers::compare("python-dotenv, by default", &readers::python_dotenv_expanding(&text), &plain);
    println!("compared {compared} pairs of names and values with real readers");
    let shells = readers::SHELLS.len();
    let expected = (3 + shells) * dotenv.len() + shells * shell.len() + one_line.len() + 2 * plain.len();
    assert_eq!(compared, expected);
}

/// Whether a value stands in one kind of quotes without anything in it that a reader acts on.
fn is_easy(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let lone = |forbidden: &[char]| !text.contains(forbidden);
    lone(&['\0', '\r', '\n']) && (lone(&['\'', '\\']) || lone(&['"', '$', '`', '\\']))
}

/// Our parser reads files as Node's `dotenv` does: our own fixtures, and those of a folder that may lie beside us.
#[test]
fn files_are_read_as_node_reads_them() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join("fixtures").join("dotenv");
    let folders = [Some(own), std::env::var_os("STRONGHOLD_TEST_DOTENV_DIR").map(PathBuf::from)];
    let (mut files, mut compared) = (0, 0);
    for folder in folders.into_iter().flatten() {
        for file in fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let mut ours =
                format::parse(&bytes, Format::Dotenv).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            ours.sort_by(|a, b| a.0.cmp(&b.0));
            compared += readers::compare(&path.display().to_string(), &readers::node_dotenv(&bytes), &ours);
            files += 1;
        }
    }
    println!("compared {compared} pairs of {files} files with Node's dotenv");
    assert!(files >= 6 && compared > files);
}

#[test]
fn refusals_name_the_secret_and_never_the_value() {
    let shown = |error: FormatError| {
        let text = error.to_string();
        assert!(text.contains("BLOB") && !text.contains("hunter2"), "{text}");
    };
    shown(write(Format::Dotenv, &entries(&[("BLOB", b"hunter2\xff")])).unwrap_err());
    shown(write(Format::Dotenv, &entries(&[("BLOB", b"hunter2'\n\"")])).unwrap_err());
    shown(write(Format::Shell, &entries(&[("BLOB", b"hunter2\0")])).unwrap_err());
    shown(write(Format::Shell, &entries(&[("BLOB-X", b"hunter2")])).unwrap_err());
    shown(write(Format::Dotenv, &entries(&[("BLOB X", b"hunter2")])).unwrap_err());
    let twice = [("A", b"1".as_slice()), ("A", b"2")];
    let written = format::write(Format::Json, twice.into_iter(), &AllowedNames::default());
    assert_eq!(written.unwrap_err(), FormatError::Duplicate("A".to_owned()));
}

#[test]
fn parse_errors_name_the_line() {
    let dotenv = |text: &[u8]| format::parse(text, Format::Dotenv).unwrap_err();
    assert_eq!(dotenv(b"A=1\n\nnonsense\n"), ParseError::NotAnAssignment { line: 3 });
    assert_eq!(dotenv(b"A='x\ny'\n=1"), ParseError::NotAnAssignment { line: 3 });
    assert_eq!(dotenv(b"A=1\nB=2\nA=3"), ParseError::Duplicate { line: 3, name: "A".to_owned() });
    assert_eq!(dotenv(b"A=1\nB=\xff"), ParseError::NotText { line: 2 });
    let json = |text: &[u8]| format::parse(text, Format::Json).unwrap_err();
    assert_eq!(json(b"{\n\"A\": }"), ParseError::NotJson { line: 2 });
    assert_eq!(json(b"{\"A\": 1}"), ParseError::NotAValue { name: "A".to_owned() });
    assert_eq!(json(b"{\"A\": {\"base64\": \"*\"}}"), ParseError::NotAValue { name: "A".to_owned() });
    assert_eq!(json(b"{\"A\": \"1\", \"A\": \"2\"}"), ParseError::Duplicate { line: 0, name: "A".to_owned() });
    assert_eq!(format::parse(b"", Format::Shell).unwrap_err(), ParseError::WriteOnly(Format::Shell));
    assert_eq!(format::parse(b"A=1\nA=1", Format::Dotenv).unwrap().len(), 1, "the same value twice is no conflict");
}
