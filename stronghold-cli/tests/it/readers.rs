//! The programs that read what we write.

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::{Command, Output},
};

/// Names with values.
pub(crate) type Pairs = BTreeMap<String, Vec<u8>>;

/// A tool that `cargo xtask test` installs.
pub(crate) fn tool(variable: &str) -> String {
    env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test`, which installs the reader"))
}

/// What Node's `dotenv` reads in a file.
pub(crate) fn node(file: &Path) -> Pairs {
    let script = "const d = require(process.env.MODULES + '/dotenv');\
        process.stdout.write(JSON.stringify(d.parse(require('fs').readFileSync(process.argv[1]))));";
    let mut command = Command::new("node");
    command.args(["-e", script]).arg(file).env("MODULES", tool("STRONGHOLD_TEST_NODE_MODULES"));
    from_json(&run(&mut command).stdout)
}

/// What Python's `python-dotenv` reads in a file, without interpolation.
pub(crate) fn python(file: &Path) -> Pairs {
    let script = "import json, sys, dotenv\n\
        print(json.dumps(dotenv.dotenv_values(sys.argv[1], interpolate=False)))";
    from_json(&run(Command::new(tool("STRONGHOLD_TEST_PYTHON")).args(["-c", script]).arg(file)).stdout)
}

/// What a shell has in its environment after it read a file, beside what was there before.
pub(crate) fn shell(program: &str, file: &Path) -> Pairs {
    // `env -0` would be too much for the kernel where a value is large; the shell itself has no such limit.
    let names = fs::read(file).unwrap();
    let mut script = names.clone();
    for name in exported(&names) {
        script.extend_from_slice(format!("printf '%s\\0%s\\0' {name} \"${{{name}}}\"\n").as_bytes());
    }
    let copy = tempfile::NamedTempFile::new().unwrap();
    fs::write(copy.path(), script).unwrap();
    let output =
        run(Command::new(program).arg(copy.path()).env_clear().env("PATH", env::var_os("PATH").unwrap())).stdout;
    let parts: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
    parts.chunks_exact(2).map(|pair| (String::from_utf8(pair[0].to_vec()).unwrap(), pair[1].to_vec())).collect()
}

/// The names that a file of `export NAME='...'` sets. A line of a value may look like one too: the reader then has it unset.
fn exported(file: &[u8]) -> Vec<String> {
    let starts = |line: &[u8]| {
        let name = line.strip_prefix(b"export ")?.split(|byte| *byte == b'=').next()?;
        let name = String::from_utf8(name.to_vec()).ok()?;
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
    };
    file.split(|byte| *byte == b'\n').filter_map(starts).collect()
}

fn from_json(bytes: &[u8]) -> Pairs {
    let map: BTreeMap<String, String> = serde_json::from_slice(bytes).unwrap();
    map.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}
