//! `profile rotate` and removals from profiles that are too large for one request: killed, resumed, readable throughout.

use crate::{named, say};
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use stronghold_testkit::{Org, Proxy, ServerOptions, Token, until};

/// More than a statement encrypts anew at once.
const SECRETS: usize = 1_200;
/// How long a held request or an end may take to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// An organization behind a proxy, with a large profile and two agents that read it.
struct Large {
    org: Org,
    proxy: Proxy,
    profile: String,
    group: String,
    stays: Token,
    leaves: Token,
}

fn large() -> Large {
    let proxy = Proxy::listen();
    let server = ServerOptions::default().arg("--public-url").arg(proxy.url()).start();
    proxy.connect_to(server.address());
    let org = Org::create(server, proxy.url(), |cli| cli);
    let secrets: Vec<(String, String)> =
        (0..SECRETS).map(|number| (format!("SECRET_{number}"), format!("value {number}"))).collect();
    let secrets: Vec<(&str, &[u8])> = secrets.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let profile = org.profile(&secrets);
    let group = org.group(&[&profile]);
    let (stays, leaves) = (org.agent(&[&group]), org.agent(&[&group]));
    Large { org, proxy, profile, group, stays, leaves }
}

impl Large {
    /// The agent that stays reads everything.
    fn assert_readable(&self) {
        let pulled = self.org.pull(&self.stays, &self.profile);
        let pulled = pulled.as_object().unwrap();
        assert_eq!(pulled.len(), SECRETS);
        for number in 0..SECRETS {
            assert_eq!(pulled[&format!("SECRET_{number}")], format!("value {number}"));
        }
    }

    fn shown(&self) -> Value {
        self.org.owner.json(&["profile", "show", &self.profile])
    }

    /// Runs a command of the owner, and kills it when it has sent this many requests and is about to send another. True
    /// when it was killed, false when it had ended by then.
    fn killed(&self, arguments: &[&str], requests: usize) -> bool {
        let mut command = self.org.owner.command(arguments);
        self.proxy.let_pass(Some(requests));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let killed = until("the command sends its next request, or ends", PATIENCE, || {
            if child.try_wait().unwrap().is_some() { Some(false) } else { self.proxy.holds_one().then_some(true) }
        });
        // SIGKILL: nothing is cleaned up.
        child.kill().unwrap();
        child.wait().unwrap();
        self.proxy.let_pass(None);
        killed
    }
}

#[test]
fn a_rotation_is_killed_at_every_request_and_resumed() {
    let large = large();
    let mut kills = 0;
    for requests in 0.. {
        let before = large.shown();
        let killed = large.killed(&["profile", "rotate", &large.profile], requests);
        kills += usize::from(killed);
        large.assert_readable();
        let between = large.shown();
        let listed = large.org.owner.json(&["profile", "list"]);
        assert_eq!(named(&listed, &large.profile)["rekeying"], between["rekeying"]);
        let resumed = large.org.owner.json(&["profile", "rotate", "--resume"]);
        let resumed = resumed.as_array().unwrap().len();
        assert_eq!(resumed, usize::from(between["rekeying"] == true), "{between}");
        let after = large.shown();
        assert_eq!(after["rekeying"], false);
        assert_eq!(after["secrets"], SECRETS);
        assert_eq!(after["epoch"], between["epoch"], "resuming makes no other key");
        assert!(after["epoch"].as_u64() <= before["epoch"].as_u64().map(|epoch| epoch + 1));
        large.assert_readable();
        if !killed {
            break;
        }
    }
    say(&format!("profile rotate of {SECRETS} secrets was killed at {kills} requests, resumed each time"));
    assert!(kills > 5);
    assert_eq!(large.org.owner.json(&["profile", "rotate", "--resume"]), json!([]));
}

#[test]
fn a_removal_ends_access_at_once_and_encrypts_the_rest_anew() {
    let large = large();
    large.org.owner.ok(&["group", "remove", &large.group, "--agent", &large.leaves.name]);
    large.org.as_agent(&large.leaves).run(&["env", "pull", "--profile", &large.profile]).fails(3);
    large.assert_readable();
    let shown = large.shown();
    assert_eq!((shown["epoch"].as_u64(), shown["rekeying"].as_bool()), (Some(2), Some(false)));
    // The token of a rotation is seen before the long part begins, and works when that is over.
    let rotated = large.org.owner.json(&["agent", "rotate-token", &large.stays.name]);
    let stays = Token::of(&rotated);
    let pulled = large.org.pull(&stays, &large.profile);
    assert_eq!(pulled.as_object().unwrap().len(), SECRETS);
    assert_eq!(large.shown()["epoch"], 3);
    // A name that does not exist, and nothing named at all.
    large.org.owner.run(&["profile", "rotate", "no-such-profile"]).fails(4);
    large.org.owner.run(&["profile", "rotate"]).fails_usage();
    large.org.as_agent(&stays).run(&["profile", "rotate", &large.profile]).fails(3);
}
