//! Output files in folders that others can write to: what they put in the way gets nothing.

use crate::{org, say, text};
use rustix::fs::{Mode, OFlags};
use std::{
    fs::{self, File},
    io::Read,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown, lchown, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};
use stronghold_testkit::{Cli, Org, Run};

/// Another user's id; nobody need be called so.
const OTHER: u32 = 54_321;

/// A folder that everyone may write, as `/tmp` is.
fn shared_folder() -> PathBuf {
    let folder = org().made_folder();
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o1777)).unwrap();
    folder
}

/// Only root can make what is another's.
fn as_root() -> bool {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        say("not run as root: what another user puts in the way was not tried");
    }
    root
}

/// A pipe of `owner`, and a reader that waits for what comes, so that whoever writes does not wait.
fn pipe(path: &Path, owner: u32) -> File {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    chown(path, Some(owner), Some(owner)).unwrap();
    rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).unwrap().into()
}

/// What came through a pipe.
fn came(mut pipe: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = pipe.read(&mut piece) {
        bytes.extend_from_slice(&piece[..count]);
    }
    bytes
}

/// A command that writes a file, run with this path as the file.
type Writer = Box<dyn Fn(&Path) -> Run>;

/// Every command that writes a file, by what it writes; and the organization that they are at work in, where nothing else
/// happens meanwhile.
fn writers() -> (Org, Vec<(&'static str, Writer)>) {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"the value of it")]);
    let agent = org.as_agent(&org.agent(&[&org.group(&[&profile])]));
    let owner = org.owner.clone();
    let stranger = Cli::new(&org.folder())
        .var("API_STRONGHOLD_URL", org.server.url())
        .var("API_STRONGHOLD_PASSWORD", &org.password);
    let invited = org.owner.json(&["user", "invite", &format!("{}@acme.example", org.name("new"))]);
    let email = invited["email"].as_str().unwrap().to_owned();
    let code = invited["code"].as_str().unwrap().to_owned();
    let (for_pull, for_receipts, for_export, for_lock) = (agent.clone(), agent, owner.clone(), owner.clone());
    let (to_pull, to_keep, to_lock) = (profile.clone(), profile.clone(), profile);
    let accepting = stranger.clone().var("API_STRONGHOLD_INVITE", code);
    let writers: Vec<(&str, Writer)> = vec![
        ("env pull", Box::new(move |file| for_pull.run(&["env", "pull", "--profile", &to_pull, "-o", text(file)]))),
        (
            "--keep-receipts",
            Box::new(move |file| {
                for_receipts.run(&["--keep-receipts", text(file), "env", "pull", "--profile", &to_keep])
            }),
        ),
        ("audit export", Box::new(move |file| for_export.run(&["audit", "export", "-o", text(file)]))),
        ("profile lock", Box::new(move |file| for_lock.run(&["profile", "lock", &to_lock, "-o", text(file)]))),
        ("org verify", Box::new(move |file| owner.run(&["org", "verify", "--save", text(file)]))),
        (
            "org create",
            Box::new(move |file| {
                let create = ["org", "create", "Other", "--setup-code-file", "-", "--email", "o@acme.example"];
                stranger.run_with(&[&create[..], &["--recovery-kit", text(file)]].concat(), b"no such code")
            }),
        ),
        (
            "user accept",
            Box::new(move |file| accepting.run(&["user", "accept", "--email", &email, "--recovery-kit", text(file)])),
        ),
    ];
    (org, writers)
}

fn refused(what: &str, run: &Run, path: &Path) {
    assert_eq!(run.code(), 1, "{what}: {run}");
    let said = run.messages();
    assert!(said.contains("of another user") && said.contains(text(path)), "{what}: {run}");
}

#[test]
fn pipes_sockets_and_devices_of_others_get_nothing() {
    if !as_root() {
        return;
    }
    let (_org, writers) = writers();
    for (what, write) in writers {
        let folder = shared_folder();
        let at = folder.join("pipe");
        let reader = pipe(&at, OTHER);
        refused(what, &write(&at), &at);
        // By a link of the caller's own, and by a link that leads there in two steps.
        let (link, second) = (folder.join("link"), folder.join("second"));
        symlink(&at, &link).unwrap();
        symlink("link", &second).unwrap();
        for link in [&link, &second] {
            refused(what, &write(link), link);
        }
        assert_eq!(came(reader), b"", "{what} wrote into another's pipe");
        let socket = folder.join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        chown(&socket, Some(OTHER), Some(OTHER)).unwrap();
        refused(what, &write(&socket), &socket);
        // A terminal that another user has open.
        let device = folder.join("device");
        let null = rustix::fs::makedev(1, 3);
        if rustix::fs::mknodat(rustix::fs::CWD, &device, rustix::fs::FileType::CharacterDevice, Mode::from(0o666), null)
            .is_ok()
        {
            chown(&device, Some(OTHER), Some(OTHER)).unwrap();
            refused(what, &write(&device), &device);
        }
        let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".stronghold-")), "{left:?}");
    }
}

#[test]
fn links_of_others_are_not_followed_where_everyone_may_write() {
    if !as_root() {
        return;
    }
    let own = org().made_folder();
    let kept = own.join("kept");
    fs::write(&kept, "as it was").unwrap();
    let (_org, writers) = writers();
    for (what, write) in writers {
        let folder = shared_folder();
        // To a file of the caller's, to one that is not there, and as a folder on the way.
        for (name, target, path) in [
            ("to-a-file", kept.clone(), folder.join("to-a-file")),
            ("to-nothing", own.join("nothing"), folder.join("to-nothing")),
            ("to-a-folder", own.clone(), folder.join("to-a-folder").join("kept")),
        ] {
            let link = folder.join(name);
            symlink(&target, &link).unwrap();
            lchown(&link, Some(OTHER), Some(OTHER)).unwrap();
            refused(what, &write(&path), &link);
        }
        assert_eq!(fs::read(&kept).unwrap(), b"as it was", "{what}");
        assert!(!own.join("nothing").exists(), "{what}");
    }
}

/// What is not another's is written to as ever: links of one's own, in a shared folder too, and links of others elsewhere.
#[test]
fn ones_own_links_are_followed() {
    let profile = org().profile(&[("KEY", b"value")]);
    let cli = org().as_agent(&org().agent(&[&org().group(&[&profile])]));
    let pull = |path: &Path| cli.ok(&["env", "pull", "--profile", &profile, "-o", text(path)]);
    let (own, shared) = (org().made_folder(), shared_folder());
    for (target, link) in [
        (own.join("first"), shared.join("link")),
        (own.join("second"), own.join("link")),
        (own.join("not-there-yet"), own.join("dangling")),
    ] {
        if !link.ends_with("dangling") {
            fs::write(&target, "old").unwrap();
        }
        symlink(&target, &link).unwrap();
        if as_root() && link.starts_with(&own) {
            lchown(&link, Some(OTHER), Some(OTHER)).unwrap();
        }
        pull(&link);
        assert_eq!(fs::read(&target).unwrap(), b"KEY=value\n");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link stays");
    }
    // A loop of links is an error, and no endless search.
    symlink("loop", own.join("loop")).unwrap();
    let line = cli.run(&["env", "pull", "--profile", &profile, "-o", text(&own.join("loop"))]).fails(1);
    assert!(line.contains("loop"), "{line}");
    // A name relative to where the command runs.
    let relative = cli.clone().current_dir(&own);
    relative.ok(&["env", "pull", "--profile", &profile, "-o", "../../nowhere/../relative.env"]);
    let relative_target = own.join("../../nowhere/../relative.env");
    let _ = fs::remove_file(relative_target);
}

/// Receipts are added to a file: not to one that another user left there to be filled.
#[test]
fn receipts_are_not_added_to_anothers_file() {
    if !as_root() {
        return;
    }
    let profile = org().profile(&[("KEY", b"value")]);
    let cli = org().as_agent(&org().agent(&[&org().group(&[&profile])]));
    let file = shared_folder().join("receipts");
    fs::write(&file, "").unwrap();
    chown(&file, Some(OTHER), Some(OTHER)).unwrap();
    let run = cli.run(&["--keep-receipts", text(&file), "env", "pull", "--profile", &profile]);
    refused("--keep-receipts", &run, &file);
    assert_eq!(fs::read(&file).unwrap(), b"");
}
