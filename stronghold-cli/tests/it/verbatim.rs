//! The three commands of an agent, word for word, with only the token given: it carries the server's address.

use crate::{org, text};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    sync::OnceLock,
};
use stronghold_testkit::{Chroot, Cli, Token};

const SECRETS: &[(&str, &[u8])] = &[("API_KEY", b"k-1"), ("DATABASE_URL", b"postgres://u:p@db/app"), ("EMPTY", b"")];
const DOTENV: &str = "API_KEY=k-1\nDATABASE_URL=postgres://u:p@db/app\nEMPTY=''\n";

/// An agent of the profile that the commands name.
fn agent() -> &'static Token {
    static AGENT: OnceLock<Token> = OnceLock::new();
    AGENT.get_or_init(|| {
        org().owner.json(&["profile", "create", "production"]);
        org().push("production", SECRETS);
        org().agent(&[&org().group(&["production"])])
    })
}

#[test]
fn sign_in_then_pull() {
    let token = &agent().token;
    let folder = org().made_folder();
    let cli = Cli::new(&org().folder()).current_dir(&folder);
    cli.ok(&["auth", "api-user", "--token", token]);
    assert_eq!(cli.ok(&["env", "pull", "--profile", "production"]).text(), DOTENV);
    let quiet = cli.ok(&["env", "pull", "--profile", "production", "-o", ".env"]);
    assert_eq!(quiet.text(), "", "with -o, secrets go to the file only");
    assert_eq!(fs::read_to_string(folder.join(".env")).unwrap(), DOTENV);
}

#[test]
fn pull_with_the_token_in_the_environment_only() {
    let cli = org().as_agent(agent());
    assert_eq!(cli.ok(&["env", "pull", "--profile", "production"]).text(), DOTENV);
    // The default folder for what is remembered, below the home folder.
    let home = org().made_folder();
    let cli = Cli::without_config_dir().var("HOME", &home).var("API_STRONGHOLD_TOKEN", &agent().token);
    assert_eq!(cli.ok(&["env", "pull", "--profile", "production"]).text(), DOTENV);
    assert!(home.join(".config").join("stronghold").is_dir());
}

/// `-o` replaces a file in one step; the new one is its owner's alone.
#[test]
fn the_file_is_private_and_replaced_at_once() {
    let folder = org().made_folder();
    let file = folder.join(".env");
    let cli = org().as_agent(agent()).current_dir(&folder);
    let pull = ["env", "pull", "--profile", "production", "-o", ".env"];
    cli.ok(&pull);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "OLD=1\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let before = fs::metadata(&file).unwrap().ino();
    let held = fs::File::open(&file).unwrap();
    cli.ok(&pull);
    let after = fs::metadata(&file).unwrap();
    assert_ne!(after.ino(), before, "a reader of the old file keeps all of the old file");
    assert_eq!(std::io::read_to_string(held).unwrap(), "OLD=1\n");
    assert_eq!(after.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&file).unwrap(), DOTENV);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left behind");

    // Through a link, the file that it names is replaced.
    let target = folder.join("target");
    fs::write(&target, "").unwrap();
    symlink("target", folder.join("link")).unwrap();
    cli.ok(&["env", "pull", "--profile", "production", "-o", "link"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), DOTENV);
    assert!(fs::symlink_metadata(folder.join("link")).unwrap().is_symlink());
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);

    // A pull that fails leaves the file as it is.
    cli.run(&["env", "pull", "--profile", "no-such-profile", "-o", ".env"]).fails(3);
    assert_eq!(fs::read_to_string(&file).unwrap(), DOTENV);
}

/// What is not a regular file is written through.
#[test]
fn devices_and_pipes_are_written_through() {
    let cli = org().as_agent(agent());
    assert_eq!(cli.ok(&["env", "pull", "--profile", "production", "-o", "/dev/stdout"]).text(), DOTENV);
    cli.ok(&["env", "pull", "--profile", "production", "-o", "/dev/null"]);
    let pipe = org().folder();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    cli.ok(&["env", "pull", "--profile", "production", "-o", text(&pipe)]);
    assert_eq!(reader.join().unwrap(), DOTENV);
}

/// The format follows the file's ending, unless it is given; names may be picked.
#[test]
fn formats_and_picked_names() {
    let folder = org().made_folder();
    let cli = org().as_agent(agent()).current_dir(&folder);
    let pull = |arguments: &[&str]| cli.ok(&[&["env", "pull", "--profile", "production"], arguments].concat()).text();
    pull(&["-o", "secrets.json"]);
    let expected = json!({"API_KEY": "k-1", "DATABASE_URL": "postgres://u:p@db/app", "EMPTY": ""});
    let written: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("secrets.json")).unwrap()).unwrap();
    assert_eq!(written, expected);
    assert!(pull(&["--format", "shell"]).starts_with("export API_KEY='k-1'\n"));
    assert_eq!(pull(&["--only", "API_*,EMPTY"]), "API_KEY=k-1\nEMPTY=''\n");
    assert_eq!(pull(&["--except", "*_*"]), "EMPTY=''\n");
    assert_eq!(pull(&["--only", "*", "--except", "EMPTY"]).lines().count(), 2);
}

/// `ENV API_STRONGHOLD_TOKEN=...`, then two `RUN` lines: each a new shell in one file system, with only that variable.
#[test]
fn a_docker_build() {
    let chroot = Chroot::new();
    let variables = [("API_STRONGHOLD_TOKEN", agent().token.as_str())];
    let run = |line: &str| chroot.run(&variables, line).succeeds();
    assert_eq!(run("export -p").text().lines().filter(|line| !line.contains("PWD")).count(), 1, "only that variable");
    run("api-stronghold-cli auth api-user --token $API_STRONGHOLD_TOKEN");
    run("api-stronghold-cli env pull --profile production -o .env");
    let file = chroot.path("/.env");
    assert_eq!(fs::read_to_string(&file).unwrap(), DOTENV);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // The first line signed in for good: the second works without the variable too.
    let signed_in = chroot.run(&[], "api-stronghold-cli env pull --profile production").succeeds();
    assert_eq!(signed_in.text(), DOTENV);
}
