//! Every developer command of the project: `cargo xtask quickstart | test | check`, and those for single parts.

mod advisories;
mod api;
mod attacks;
mod binaries;
mod check;
mod checks;
mod leaks;
mod limited;
mod mutate;
mod newcomer;
mod parallel;
mod run;
mod tests;
mod tools;
mod tree;
mod wasm;

use run::{Failed, Step, cargo};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const USAGE: &str = "\
cargo xtask quickstart [-- ARGS]  build what is needed and run `api-stronghold-cli quickstart ARGS`
                                  (--once ends by itself, --import FILE, --data-dir DIR)
cargo xtask test                  everything that is checked, installing what is missing
cargo xtask wasm                  the package for browsers and Node, in bindings/wasm/pkg
cargo xtask console               the web console on top of it, for the server to embed when it is built next
cargo xtask reproduce             build both once more in another folder, and compare every byte
cargo xtask browser [FILES]       the tests of console and package, in a real browser and in Node
cargo xtask schemathesis [N]      attack the API with N examples an operation, made from its own description
cargo xtask check                 format, lints, docs, licences, file sizes, dependency arrows
cargo xtask advisories [--strict] published advisories on crates, Python and Node packages; with --strict, an unreachable
                                  database fails too
cargo xtask fuzz [RUNS]           run every fuzz target for a bounded number of inputs
cargo xtask bench [ARGS]          ratios against baselines of the same run (--quick; for the attacks --only NAME, --seconds N)
cargo xtask checks [NAMES]        remove each security check of xtask/mutants in a copy, and expect its test to fail
cargo xtask checks --browser      the same for those of xtask/mutants/browser, which take minutes each
cargo xtask checks --short        only whether each of them applies, and names tests that exist; so does docs/attacks.md
cargo xtask mutate                break every check of the modules that verify, one at a time, and see which test notices
                                  (--only FILE, --list, --jobs N, --vectors: those alone, --fast: without slow tests)
cargo xtask leaks COMMAND         run a command, such as `cargo test -p stronghold-cli`, and search all that it does for secrets
cargo xtask newcomer              clone into three unlike places and run the commands of the README there, with another
                                  home (--quick, --only 1|2|3, --target-dir DIR)";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.filter(|argument| argument != "--").collect();
    // Every command works from the root, wherever it was called.
    if let Err(error) = env::set_current_dir(root()) {
        eprintln!("the project's folder cannot be entered: {error}");
        return ExitCode::FAILURE;
    }
    let result = match command.as_str() {
        "quickstart" => return quickstart(&rest),
        "test" => test(),
        "wasm" => tools::install().and_then(|_| wasm::package(&root(), &target())),
        "console" => tools::install().and_then(|_| console()),
        "reproduce" => tools::install().and_then(|_| console()).and_then(|()| wasm::reproduce()),
        "browser" => tools::install().and_then(|_| console()).and_then(|()| build()).and_then(|()| browser(&rest)),
        "check" => tools::install().and_then(|tools| check::all(&tools)),
        "advisories" => tools::install().and_then(|tools| advisories::check(&tools, rest == ["--strict"])),
        "schemathesis" => {
            let examples = rest.first().map_or(api::EXAMPLES, String::as_str);
            tools::install().and_then(|tools| build().and_then(|()| api::schemathesis(&tools, examples)))
        }
        "fuzz" => tools::install().and_then(|tools| fuzz(&tools, rest.first().map_or(FUZZ_RUNS, String::as_str))),
        "bench" => benchmarks(&rest.iter().map(String::as_str).collect::<Vec<_>>()),
        "checks" if rest == ["--short"] => checks::short(),
        "checks" if rest == ["--browser"] => tools::install().and_then(|_| checks::in_browser()),
        "checks" => checks::run(&rest),
        "leaks" => match rest.split_first() {
            Some((program, words)) => {
                let step = Step::new("what is to be searched", program).args(words);
                leaks::searched(step, &target().join("leaks")).map(drop)
            }
            None => Err(Failed("the command that is to be searched was not given; that".to_owned())),
        },
        "mutate" => tools::install().and_then(|_| mutate::run(&rest)),
        // What `test` starts, and watches.
        "run-tests" => tests::run(),
        "newcomer" => newcomer::run(&rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(what)) => {
            eprintln!("\nxtask: {what} failed");
            ExitCode::FAILURE
        }
    }
}

/// Inputs per fuzz target in a test run: a bound on work, not on time, so that slow machines test as much.
const FUZZ_RUNS: &str = "50000";

/// The project's root: the folder above this crate, of the checkout that `cargo xtask` is called in. Another checkout with
/// the same target folder may have built this program.
fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = Path::new(&here);
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn quickstart(arguments: &[String]) -> ExitCode {
    if build().is_err() {
        return ExitCode::FAILURE;
    }
    let program = target().join("debug").join("api-stronghold-cli");
    match Command::new(&program).arg("quickstart").args(arguments).status() {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("{} cannot be started: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Failed> {
    let programs = ["-p", "stronghold-server", "-p", "stronghold-cli", "-p", "stronghold-hostile"];
    cargo("build the server, the command line and the hostile server", &[&["build"], &programs[..]].concat()).run()
}

fn console() -> Result<(), Failed> {
    wasm::package(&root(), &target())?;
    wasm::console(&root())
}

/// The console's and the package's own tests, with the programs that were built.
fn browser(files: &[String]) -> Result<(), Failed> {
    let folder = root().join("stronghold-server").join("console");
    Step::new("tests in the browser and in Node", "npm")
        .args(&["--prefix"])
        .args(&[&folder])
        .args(&["test", "--silent", "--"])
        .args(files)
        .env("STRONGHOLD_TEST_BIN", target().join("debug"))
        .env("STRONGHOLD_TEST_SCREENSHOTS", target().join("screenshots"))
        .run()
}

fn test() -> Result<(), Failed> {
    let tools = tools::install()?;
    // First, because the server embeds it.
    console()?;
    check::all(&tools)?;
    build()?;
    tests::build()?;
    let mut tests = tests::step()?;
    for (name, value) in tools.test_environment() {
        tests = tests.env(name, value);
    }
    leaks::watched(tests.env("STRONGHOLD_TEST_BODIES", api::bodies_folder()?), &target().join("leaks"))?;
    api::count_bodies()?;
    // The linker of the second build is one thread, and so is schemathesis.
    parallel::both(wasm::reproduce, || api::schemathesis(&tools, api::EXAMPLES))?;
    checks::short()?;
    browser(&[])?;
    cargo("the main job, from nothing", &["xtask", "quickstart", "--", "--once"]).run()?;
    // Built as the tests are: what is seen here is that they work, not figures.
    cargo("benchmarks, in short", &["bench", "--workspace", "--profile", "dev", "--bench", "*", "--", "--quick"])
        .run()?;
    fuzz(&tools, FUZZ_RUNS)
}

/// One of them attacks the server as it is shipped, which is built with them: what both use is compiled once.
fn benchmarks(arguments: &[&str]) -> Result<(), Failed> {
    let packages = ["-p", "stronghold-server", "-p", "stronghold-benches"];
    let built = [&["build", "--release", "--bins", "--benches"], &packages[..]].concat();
    cargo("build the benchmarks and the server", &built).run()?;
    let run = [&["bench"], &packages[..], &["--bench", "*", "--"], arguments].concat();
    cargo("benchmarks", &run).run()
}

/// Inputs that were found and failures go to the target folder, never to the checkout.
fn fuzz(tools: &tools::Tools, runs: &str) -> Result<(), Failed> {
    let folder = target().join("fuzz");
    let cargo_fuzz = |name: &str, verb: &str| {
        // Without a sanitizer it builds with the stable toolchain; what is fuzzed is safe Rust.
        let arguments = ["fuzz", verb, "--sanitizer", "none", "--codegen-units", "16", "--target-dir"];
        Step::new(name, tools.program("cargo-fuzz")).args(&arguments).args(&[&folder])
    };
    // cargo-fuzz has no `--locked`; this fails where it would change its `Cargo.lock`.
    let manifest = root().join("fuzz").join("Cargo.toml");
    let pinned = cargo("what the fuzz targets pin", &["metadata", "--format-version", "1", "--manifest-path"]);
    pinned.args(&[&manifest]).output()?;
    cargo_fuzz("build the fuzz targets", "build").run()?;
    let artifacts = format!("-artifact_prefix={}/", folder.join("artifacts").display());
    create_folder(&folder.join("artifacts"))?;
    parallel::in_parallel(parallel::jobs(), &fuzz_targets(), |_, target| {
        // Without what earlier runs found: it grows, and with it the time that the same number of inputs takes.
        let corpus = folder.join("corpus").join(target);
        let _ = std::fs::remove_dir_all(&corpus);
        create_folder(&corpus)?;
        let runs = format!("-runs={runs}");
        let limits = ["-max_len=65536", "-verbosity=0", "-print_funcs=0", "-print_final_stats=1"];
        let name = format!("fuzz {target}");
        let fuzzing = cargo_fuzz(&name, "run").args(&[target]).args(&[&corpus]).args(&["--", &artifacts, &runs]);
        let (well, printed) = fuzzing.args(&limits).said()?;
        println!("\n== {name} ==\n{printed}");
        if well { Ok(()) } else { Err(Failed(name)) }
    })?;
    Ok(())
}

fn create_folder(folder: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(folder).map_err(|error| Failed(format!("{} ({error})", folder.display())))
}

/// The targets are the files of `fuzz/fuzz_targets`.
fn fuzz_targets() -> Vec<String> {
    let files = std::fs::read_dir(root().join("fuzz").join("fuzz_targets")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        files.filter_map(|file| file.path().file_stem().and_then(|name| name.to_str()).map(str::to_owned)).collect();
    names.sort();
    names
}
