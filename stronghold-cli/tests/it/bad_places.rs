//! Places that cannot be written: folders, full disks, read-only mounts; and addresses that are taken.

use crate::{org, text};
use serde_json::json;
use std::{fs, net::TcpListener, path::Path};
use stronghold_testkit::{Cli, Org, Run, Sandbox, Server, ServerOptions, Token};

/// A profile that is larger than a small disk, and an agent that reads it.
fn large() -> (String, Token) {
    let value = vec![b'x'; 100 * 1024];
    let profile = org().profile(&[("LARGE", &value)]);
    let agent = org().agent(&[&org().group(&[&profile])]);
    (profile, agent)
}

/// A disk of 64 KiB at `folder` that holds a file `.env`, and is full where it should be. At the end, what is on it is
/// listed in `seen`.
fn small_disk(folder: &Path, seen: &Path, options: &str, prepare: &str) -> Sandbox {
    let (folder, seen) = (text(folder), text(seen));
    Sandbox::new(&format!("mount -t tmpfs -o size=64k none {folder}\necho OLD=1 >{folder}/.env\n{prepare}\n{options}"))
        .then(&format!("ls -A {folder} >{seen}.list; cat {folder}/.env >{seen}.env"))
}

fn left(seen: &Path) -> (Vec<String>, String) {
    let list = fs::read_to_string(format!("{}.list", text(seen))).unwrap();
    let env = fs::read_to_string(format!("{}.env", text(seen))).unwrap();
    (list.lines().map(str::to_owned).collect(), env)
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let (profile, agent) = large();
    let (disk, seen) = (org().made_folder(), org().folder());
    let cli = org().as_agent(&agent).through(small_disk(&disk, &seen, "", "").wrapper());
    let out = disk.join(".env");
    let line = cli.run(&["env", "pull", "--profile", &profile, "-o", text(&out)]).fails(1);
    assert!(line.contains(text(&out)) && line.to_lowercase().contains("space"), "{line}");
    assert_eq!(left(&seen), (vec![".env".to_owned()], "OLD=1\n".to_owned()));
    // A new file: none is there afterwards.
    let other = disk.join("other");
    cli.run(&["env", "pull", "--profile", &profile, "-o", text(&other)]).fails(1);
    assert_eq!(left(&seen).0, [".env"]);
}

#[test]
fn a_read_only_mount_leaves_the_old_file() {
    let (profile, agent) = large();
    let (disk, seen) = (org().made_folder(), org().folder());
    let remount = format!("mount -o remount,ro {}", text(&disk));
    let cli = org().as_agent(&agent).through(small_disk(&disk, &seen, &remount, "").wrapper());
    let out = disk.join(".env");
    let line = cli.run(&["env", "pull", "--profile", &profile, "-o", text(&out)]).fails(1);
    assert!(line.contains(text(&out)) && line.to_lowercase().contains("read-only"), "{line}");
    assert_eq!(left(&seen), (vec![".env".to_owned()], "OLD=1\n".to_owned()));
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let (profile, agent) = large();
    let cli = org().as_agent(&agent);
    let mut command = cli.command(&["env", "pull", "--profile", &profile]);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let written = cli.run(&["env", "pull", "--profile", &profile, "-o", "/dev/full"]);
    assert!(written.fails(1).contains("/dev/full"));
}

#[test]
fn folders_and_missing_folders_are_no_files() {
    let (profile, agent) = large();
    let folder = org().made_folder();
    let cli = org().as_agent(&agent);
    let pull = |out: &Path| cli.run(&["env", "pull", "--profile", &profile, "-o", text(out)]);
    assert!(pull(&folder).fails(1).contains("folder"));
    let below = folder.join("missing").join(".env");
    assert!(pull(&below).fails(1).contains(text(&below)));
    fs::write(folder.join("file"), "").unwrap();
    pull(&folder.join("file").join(".env")).fails(1);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

/// Where nothing can be remembered, a pull warns and works; signing in, which has to keep a token, fails.
#[test]
fn a_configuration_folder_that_cannot_be_written() {
    let profile = org().profile(&[("KEY", b"value")]);
    let agent = org().agent(&[&org().group(&[&profile])]);
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    let disk = org().made_folder();
    let at = text(&disk);
    let read_only = Sandbox::new(&format!("mount -t tmpfs -o ro none {at}"));
    let full =
        Sandbox::new(&format!("mount -t tmpfs -o size=16k none {at}\ncat /dev/zero >{at}/fill 2>/dev/null || :"));
    for (what, sandbox) in [("read-only", read_only), ("full", full)] {
        let cli = Cli::new(&disk).through(sandbox.wrapper());
        let pulled = cli.clone().var("API_STRONGHOLD_TOKEN", &agent.token).run(&pull).succeeds();
        assert_eq!(pulled.json(), json!({"KEY": "value"}), "{what}");
        assert!(
            pulled.messages().starts_with("warning: ") && pulled.messages().lines().count() == 1,
            "{what}: {pulled}"
        );
        cli.run(&["auth", "api-user", "--token", &agent.token]).fails(1);
    }
    // A home folder of which nothing can be made either.
    let home = Cli::without_config_dir().var("HOME", "/proc/nowhere").var("API_STRONGHOLD_TOKEN", &agent.token);
    assert_eq!(home.run(&pull).succeeds().json(), json!({"KEY": "value"}));
    let file = org().folder();
    fs::write(&file, "a file").unwrap();
    let cli = Cli::new(&file);
    cli.run(&["auth", "api-user", "--token", &agent.token]).fails(1);
    let run = cli.var("API_STRONGHOLD_TOKEN", &agent.token).run(&pull);
    assert!(matches!(run.code(), 0 | 1) && !run.messages().contains("panicked"), "{run}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "a file");
}

/// A disk that fills up while signing in leaves the identities that were there.
#[test]
fn a_full_disk_leaves_the_credentials() {
    let profile = org().profile(&[("KEY", b"value")]);
    let group = org().group(&[&profile]);
    let (first, second) = (org().agent(&[&group]), org().agent(&[&group]));
    let signed_in = Cli::new(&org().folder());
    signed_in.ok(&["auth", "api-user", "--token", &first.token]);
    let disk = org().made_folder();
    let (at, from, copy) = (text(&disk), text(signed_in.config_dir()), org().folder());
    let sandbox = Sandbox::new(&format!(
        "mount -t tmpfs -o size=64k none {at}\ncp -r {from}/. {at}/\ncat /dev/zero >{at}/fill 2>/dev/null || :"
    ))
    .then(&format!("rm -f {at}/fill; ls -A {at} >{0}.list; cat {at}/credentials.json >{0}", text(&copy)));
    let cli = Cli::new(&disk).through(sandbox.wrapper());
    cli.run(&["auth", "api-user", "--token", &second.token]).fails(1);
    let kept = fs::read_to_string(&copy).unwrap();
    assert_eq!(kept, fs::read_to_string(signed_in.config_dir().join("credentials.json")).unwrap());
    let list = fs::read_to_string(format!("{}.list", text(&copy))).unwrap();
    assert!(!list.contains(".stronghold-"), "no half-written file is left: {list}");
}

/// A server that cannot start: one line, exit code 1 (2 for usage), no panic.
fn refused(run: &Run, tells: &str) {
    assert!(matches!(run.code(), 1 | 2), "{run}");
    assert!(run.stdout.is_empty(), "{run}");
    let messages = run.messages();
    assert!(!messages.contains("panicked") && messages.contains(tells), "{tells:?}: {run}");
    let lines = messages.lines().filter(|line| line.starts_with("stronghold-server: ") || line.starts_with("error: "));
    assert_eq!(lines.count(), 1, "{run}");
}

#[test]
fn data_directories_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "a file").unwrap();
    let start = |data: &Path| ServerOptions::default().data_dir(data).run();
    refused(&start(&file), text(&file));
    refused(&start(&file.join("below")), text(&file));
    for content in [&b"not a database, but long enough to be taken for one"[..], &[0xff; 8192]] {
        let data = folder.path().join("damaged");
        fs::create_dir_all(&data).unwrap();
        let database = data.join("stronghold.db");
        fs::write(&database, content).unwrap();
        refused(&start(&data), text(&database));
        assert!(fs::read(&database).unwrap() == content, "it is left as it is");
    }
    for length in [0, 31, 33] {
        let data = folder.path().join(format!("key-of-{length}"));
        fs::create_dir(&data).unwrap();
        fs::write(data.join("checkpoint.key"), vec![7; length]).unwrap();
        refused(&start(&data), "checkpoint.key");
    }
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let at = text(&disk);
    for mount in [
        format!("mount -t tmpfs -o ro none {at}"),
        format!("mount -t tmpfs -o size=16k none {at}\ncat /dev/zero >{at}/fill 2>/dev/null || :"),
    ] {
        let options = ServerOptions::default().data_dir(&disk.join("data")).through(Sandbox::new(&mount).wrapper());
        refused(&options.run(), at);
    }
}

/// Where the disk fills up while a server runs, it refuses what it cannot record, and serves again when there is room.
#[test]
fn a_server_whose_disk_is_full_fails_closed() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    // The namespace lives as long as the server: its files are reached through /proc.
    let mount = Sandbox::new(&format!("mount -t tmpfs -o size=3m none {}", text(&disk)));
    let server = ServerOptions::default().data_dir(&disk.join("data")).through(mount.wrapper()).start();
    let root = Path::new("/proc").join(child_of(server.id()).to_string()).join("root");
    let inside = |path: &Path| root.join(path.strip_prefix("/").unwrap());
    let code = folder.path().join("setup-code");
    fs::copy(inside(&server.setup_code_file()), &code).unwrap();
    let owner = Cli::new(&folder.path().join("owner")).var("API_STRONGHOLD_URL", server.url());
    let owner = owner.var("API_STRONGHOLD_PASSWORD", "a password of some length");
    owner.json(&["org", "create", "Acme", "--setup-code-file", text(&code), "--email", "o@acme.example"]);
    owner.json(&["profile", "create", "production"]);
    let set = |value: &[u8]| owner.run_with(&["secret", "set", "KEY", "--profile", "production", "--stdin"], value);
    set(b"before").succeeds();
    owner.json(&["group", "create", "deploy"]);
    owner.json(&["group", "grant", "deploy", "production"]);
    let agent = Token::of(&owner.json(&["agent", "create", "agent", "--group", "deploy"]));
    let agent = Cli::new(&folder.path().join("agent")).var("API_STRONGHOLD_TOKEN", &agent.token);
    let pull = ["env", "pull", "--profile", "production"];
    agent.ok(&pull);

    let fill = inside(&disk.join("fill"));
    fill_up(&fill);
    let write = set(&vec![b'x'; 200 * 1024]);
    assert_eq!(write.code(), 1, "{write}");
    write.fails(1);
    // What cannot be recorded is not answered: sooner or later the log has no room either.
    let refused = (0..200).map(|_| agent.run(&pull)).find(|run| run.code() != 0);
    refused.expect("a read without its record").fails(1);
    fs::remove_file(&fill).unwrap();
    assert_eq!(agent.ok(&pull).text(), "KEY=before\n");
    set(b"after").succeeds();
    assert_eq!(agent.ok(&pull).text(), "KEY=after\n");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// The only child of a process: the server behind the shell of its sandbox.
fn child_of(id: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    children.trim().parse().unwrap_or(id)
}

fn fill_up(file: &Path) {
    use std::io::Write;
    let mut file = fs::File::create(file).unwrap();
    for size in [64 * 1024, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

#[test]
fn a_port_in_use_and_addresses_that_are_none() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&ServerOptions::default().listen(&address).run(), &address);
    let running = Server::start();
    refused(&ServerOptions::default().listen(running.address()).run(), running.address());
    for wrong in ["127.0.0.1", "127.0.0.1:99999", "nowhere.example:80", ":80", ""] {
        refused(&ServerOptions::default().listen(wrong).run(), "--listen");
    }
    refused(&ServerOptions::default().listen("0.0.0.0:0").run(), "--tls-cert");
    refused(&ServerOptions::default().listen("192.0.2.1:0").run(), "--tls-cert");
    refused(&ServerOptions::default().arg("--no-such-flag").run(), "--no-such-flag");
    refused(&ServerOptions::default().arg("--public-url").arg("not a url").run(), "--public-url");
}

#[test]
fn certificates_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let authority = stronghold_testkit::Authority::new("Test");
    let (certificate, key) = authority.issue(folder.path(), &["localhost"]);
    let garbage = folder.path().join("garbage.pem");
    for content in [&b""[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff\0"] {
        fs::write(&garbage, content).unwrap();
        refused(&ServerOptions::default().tls(&garbage, &key).run(), "TLS certificate");
        refused(&ServerOptions::default().tls(&certificate, &garbage).run(), text(&garbage));
    }
    let missing = folder.path().join("missing.pem");
    refused(&ServerOptions::default().tls(&missing, &key).run(), text(&missing));
    refused(&ServerOptions::default().tls(folder.path(), &key).run(), text(folder.path()));
    refused(&ServerOptions::default().arg("--tls-cert").arg(&certificate).run(), "--tls-key");
    let other = tempfile::tempdir().unwrap();
    let (_, foreign_key) = authority.issue(other.path(), &["localhost"]);
    refused(&ServerOptions::default().tls(&certificate, &foreign_key).run(), "");
}

/// Setting up without a database beside it, or with one that is not there.
#[test]
fn a_setup_code_needs_a_data_directory() {
    let org = Org::start();
    let server = stronghold_testkit::program("stronghold-server");
    let run = |data: &Path| {
        let output = std::process::Command::new(&server)
            .env_clear()
            .args(["setup-code", "--data-dir"])
            .arg(data)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let file = org.folder();
    fs::write(&file, "a file").unwrap();
    let (code, told) = run(&file);
    assert!(code == Some(1) && told.lines().count() == 1 && told.contains(text(&file)), "{told}");
    assert_eq!(run(org.server.data_dir()).0, Some(0), "while the server runs");
}
