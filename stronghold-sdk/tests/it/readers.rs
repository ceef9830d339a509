//! The real readers of our formats: those of dotenv files for Node, Python and Ruby, and shells.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    process::{Command, Stdio},
};
use stronghold_sdk::format::Entries;

/// Names with values, as a reader gave them.
pub(crate) type Read = BTreeMap<String, Vec<u8>>;

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`, which installs the reader"))
}

/// Shells that source files, as programs of [`shell`].
pub(crate) const SHELLS: &[&str] = &["bash", "dash", "zsh", "ksh", "mksh", "busybox"];

/// What Node's `dotenv` reads.
pub(crate) fn node_dotenv(text: &[u8]) -> Read {
    node("d.parse(text)", text)
}

/// What Node itself reads.
pub(crate) fn node_parse_env(text: &[u8]) -> Read {
    node("require('util').parseEnv(text)", text)
}

/// What `dotenv-expand` makes of what `dotenv` reads.
pub(crate) fn dotenv_expand(text: &[u8]) -> Read {
    node("require(process.env.MODULES + '/dotenv-expand').expand({parsed: d.parse(text), processEnv: {}}).parsed", text)
}

fn node(expression: &str, text: &[u8]) -> Read {
    let script = format!(
        "const d = require(process.env.MODULES + '/dotenv');\
         const text = require('fs').readFileSync(0, 'utf8');\
         process.stdout.write(JSON.stringify({expression}));"
    );
    let mut command = Command::new("node");
    command.args(["-e", &script]).env("MODULES", variable("STRONGHOLD_TEST_NODE_MODULES"));
    from_json(&run(command, text))
}

/// What Python's `python-dotenv` reads, without interpolation.
pub(crate) fn python_dotenv(text: &[u8]) -> Read {
    python("interpolate=False", text)
}

/// What Python's `python-dotenv` reads if it is told nothing.
pub(crate) fn python_dotenv_expanding(text: &[u8]) -> Read {
    python("", text)
}

fn python(arguments: &str, text: &[u8]) -> Read {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let script = format!("import json, sys, dotenv; print(json.dumps(dotenv.dotenv_values(sys.argv[1], {arguments})))");
    let mut command = Command::new(variable("STRONGHOLD_TEST_PYTHON"));
    command.args(["-c", &script]).arg(file.path());
    from_json(&run(command, b""))
}

/// What Ruby's `dotenv` reads.
pub(crate) fn ruby_dotenv(text: &[u8]) -> Read {
    let script = "require 'dotenv'; require 'json'; $stdin.set_encoding('UTF-8');\
        print JSON.generate(Dotenv::Parser.call($stdin.read))";
    let mut command = Command::new("ruby");
    command.args(["-Eutf-8:utf-8", "-e", script]);
    from_json(&run(command, text))
}

/// A command that starts a shell without anybody's start files.
pub(crate) fn shell_command(program: &str) -> Command {
    let mut command = Command::new(program);
    match program {
        "busybox" => _ = command.arg("sh"),
        "zsh" => _ = command.arg("-f"),
        _ => {}
    }
    command
}

/// What a shell has after it read the script.
pub(crate) fn shell(program: &str, script: &[u8], names: &Entries) -> Read {
    let mut script = script.to_vec();
    if program == "mksh" {
        // It has no `printf` of its own, and an argument of a program could not be that large.
        script.extend_from_slice(
            b"printf() { print -rn -- \"$2\"; print -n '\\0'; print -rn -- \"$3\"; print -n '\\0'; }\n",
        );
    }
    for (name, _) in names {
        script.extend_from_slice(format!("printf '%s\\0%s\\0' {name} \"${name}\"\n").as_bytes());
    }
    // A file: an argument could not be that large. A clean environment: nothing is there before.
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &script).unwrap();
    let mut command = shell_command(program);
    command.arg(file.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    let output = run(command, b"");
    let mut parts = output.split(|byte| *byte == 0);
    let mut read = Read::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        read.insert(String::from_utf8(name.to_vec()).unwrap(), value.to_vec());
    }
    read
}

/// Compares what a reader gave with what was stored, and counts the pairs.
pub(crate) fn compare(reader: &str, read: &Read, stored: &Entries) -> usize {
    assert_eq!(read.len(), stored.len(), "{reader} found another number of names");
    for (name, value) in stored {
        let found = read.get(name).unwrap_or_else(|| panic!("{reader} did not find {name}"));
        assert!(found == value.as_slice(), "{reader} reads {name} as {found:?}, not as {:?}", value.as_slice());
    }
    stored.len()
}

fn from_json(bytes: &[u8]) -> Read {
    let map: BTreeMap<String, String> = serde_json::from_slice(bytes).unwrap();
    map.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

fn run(mut command: Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("{:?} cannot be started ({error}): run `cargo xtask test`", command.get_program())
    });
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // From a thread: a reader that writes before it has read everything would wait for us, and we for it.
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = feeder.join();
    assert!(output.status.success(), "{:?} failed", command.get_program());
    output.stdout
}
