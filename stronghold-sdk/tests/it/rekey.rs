//! Large profiles are encrypted anew after access ended: readable throughout, flipped at once, resumed by anyone.

use crate::{
    history::{verify, version},
    world::{Death, Wire, World, code},
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use stronghold_sdk::{
    Agent, Client,
    admin::{Access, Edit, NewSecret, RekeyProgress, Session},
    protocol::{
        directory::Role,
        id::{GroupId, ProfileId},
        limits,
        name::{Name, SecretName},
        token::AgentToken,
    },
};
use zeroize::Zeroizing;

/// As many groups as read the profile that is killed, raced and written to while it is encrypted anew.
const GROUPS: usize = 100;
/// More secrets than a statement encrypts anew inline.
const LARGE: usize = limits::INLINE_REKEY_SECRETS + 1;
/// At how many points a rotation is killed.
const DEATHS: usize = 20;

/// A profile, the group through which two agents read it, and their tokens.
struct Setting {
    world: World,
    profile: ProfileId,
    group: GroupId,
    stays: AgentToken,
    leaves: AgentToken,
}

impl Setting {
    async fn new(secrets: usize, groups: usize) -> Self {
        let mut world = World::new().await;
        let profile = world.profile("production", &[]).await;
        set(&mut world.session, profile, (0..secrets).map(|number| (format!("SECRET_{number}"), number.to_string())))
            .await;
        let group = world.group("deploy", &[profile]).await;
        for number in 1..groups {
            world.group(&format!("group {number}"), &[profile]).await;
        }
        let stays = world.token("stays", &[group]).await;
        let leaves = world.token("leaves", &[group]).await;
        Self { world, profile, group, stays, leaves }
    }

    /// Removes the agent that leaves, killed at every request of that: each time before it arrives, and before its answer does.
    /// Membership, the agent's end and all new keys come together or not at all. Returns how often it was killed.
    async fn kill_removals(&mut self, stays: &Agent<Client<Wire>>, secrets: usize) -> usize {
        let (leaver, _) = self.world.agent(&self.leaves);
        let id = self.leaves.agent;
        for deaths in 0.. {
            let (mut session, wire) = self.world.second_wire().await;
            let death = Death { answered: deaths / 2, arrives: deaths % 2 == 1 };
            let done = wire.until(death, session.delete_agent(id)).await;
            self.world.session.sync().await.unwrap();
            let directory = self.world.session.directory();
            let (group, profile) = (directory.group(&self.group).unwrap(), directory.profile(&self.profile).unwrap());
            let is_member = group.members.contains(&id.into());
            match (directory.agent(&id).unwrap().deleted, is_member, group.epoch.get(), profile.epoch.get()) {
                (false, true, 1, 1) => {
                    assert!(done.is_none(), "it was done and is not there");
                    pull_whole(&leaver, secrets).await;
                }
                (true, false, 2, 2) => {
                    assert_eq!(code(leaver.pull("production").await), "deleted");
                    pull_whole(stays, secrets).await;
                    assert_eq!(self.epochs(), BTreeMap::from([(1, secrets)]), "wholly before");
                    assert_eq!(self.world.session.pending_rekeys().await.unwrap(), [self.profile]);
                    assert!(deaths > 2, "it takes several requests");
                    return deaths + usize::from(done.is_none());
                }
                half => panic!("half of a removal: {half:?}"),
            }
        }
        unreachable!("a removal ends")
    }

    /// Key generations of what the newest revision holds, and how many secrets are of each.
    fn epochs(&self) -> BTreeMap<i64, usize> {
        let database = Connection::open(self.world.database()).unwrap();
        let query = "SELECT e.epoch, count(*) FROM entries AS e
            JOIN revisions AS r USING (org, profile, epoch, generation)
            WHERE e.to_revision IS NULL AND r.revision =
                (SELECT max(revision) FROM revisions AS m WHERE m.org = r.org AND m.profile = r.profile)
            GROUP BY e.epoch";
        let mut select = database.prepare(query).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// How many ciphertexts no revision holds.
    fn leftovers(&self) -> i64 {
        let database = Connection::open(self.world.database()).unwrap();
        let query = "SELECT (SELECT count(*) FROM ciphertexts) - (SELECT count(*) FROM entries)
            + (SELECT count(*) FROM entries AS e WHERE NOT EXISTS (SELECT 1 FROM revisions AS r
                WHERE (r.org, r.profile, r.epoch, r.generation) = (e.org, e.profile, e.epoch, e.generation)))";
        database.query_row(query, [], |row| row.get(0)).unwrap()
    }
}

async fn set(session: &mut Session<Wire>, profile: ProfileId, secrets: impl Iterator<Item = (String, String)>) {
    let mut edit = Edit::default();
    for (name, value) in secrets {
        let value = Zeroizing::new(value.into_bytes());
        edit.set.insert(SecretName::new(&name).unwrap(), NewSecret { value, note: None });
    }
    session.edit(profile, &edit, false).await.unwrap();
}

/// Pulls, and checks that every secret is there with the value it always had.
async fn pull_whole(agent: &Agent<Client<Wire>>, secrets: usize) {
    let pulled = agent.pull("production").await.unwrap();
    assert_eq!(pulled.len(), secrets);
    for number in 0..secrets {
        assert_eq!(pulled.get(&format!("SECRET_{number}")).unwrap().expose_str(), Some(&*number.to_string()));
    }
}

async fn finish(session: &mut Session<Wire>) -> usize {
    session.finish_rekeys(&mut |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_large_profile_is_readable_throughout_and_flips_at_once() {
    let mut setting = Setting::new(LARGE, 3).await;
    let (agent, _) = setting.world.agent(&setting.stays);
    let (leaver, _) = setting.world.agent(&setting.leaves);
    pull_whole(&leaver, LARGE).await;
    setting.world.session.delete_agent(setting.leaves.agent).await.unwrap();
    assert_eq!(code(leaver.pull("production").await), "deleted", "the access ended at once");
    assert_eq!(setting.epochs(), BTreeMap::from([(1, LARGE)]), "wholly before");
    assert!(setting.world.session.unfinished_rekeys().contains(&setting.profile));
    assert_eq!(setting.world.session.pending_rekeys().await.unwrap(), [setting.profile]);
    pull_whole(&agent, LARGE).await;
    assert_eq!(verify(&setting.world, setting.profile).await.unwrap().ciphertexts, LARGE);

    let mut seen = Vec::new();
    let mut note = |progress: RekeyProgress| seen.push((progress.done, progress.total));
    assert_eq!(setting.world.session.finish_rekeys(&mut note).await.unwrap(), 1);
    let steps = (0..LARGE).step_by(limits::STAGE_SECRETS).chain([LARGE]).map(|done| (done, LARGE));
    assert!(seen.into_iter().eq(steps), "progress is told after each request");
    assert_eq!(setting.epochs(), BTreeMap::from([(2, LARGE)]), "wholly after");
    assert!(setting.world.session.pending_rekeys().await.unwrap().is_empty());
    let vouched = setting.world.session.directory().profile(&setting.profile).unwrap().vouched;
    let opened = setting.world.session.open_profile(setting.profile).await.unwrap();
    assert_eq!(vouched.manifest, opened.manifest().hash(), "the outcome is vouched for");
    pull_whole(&agent, LARGE).await;
    assert_eq!(setting.leftovers(), 0);
    assert_eq!(finish(&mut setting.world.session).await, 0, "there is nothing left to do");
    let past = verify(&setting.world, setting.profile).await.unwrap();
    assert_eq!((past.revisions, past.ciphertexts), (3, 2 * LARGE), "what was staged is the past like any other");
    set(&mut setting.world.session, setting.profile, [("SECRET_0".to_owned(), "new".to_owned())].into_iter()).await;
    let (_, first) = setting.world.session.secret_version(setting.profile, "SECRET_0", version(1)).await.unwrap();
    assert_eq!(first.value.as_slice(), b"0");
}

/// Whoever needs the new key finishes first: a writer, a newcomer, somebody who renames. And whoever may write can resume it.
#[tokio::test]
async fn whoever_comes_next_finishes() {
    let mut setting = Setting::new(LARGE, 1).await;
    let (agent, _) = setting.world.agent(&setting.stays);
    let mut other = setting.world.second_session().await;
    setting.world.session.grant(setting.group, setting.profile, Access::Write).await.unwrap();
    let (mut writer, _) = setting.world.member("writer", Role::Editor, &[setting.group]).await;
    let (mut reader, _) = setting.world.member("reader", Role::Editor, &[]).await;
    for (expected, round) in (2..).zip(["edit", "writer resumes", "writer edits", "newcomer", "name", "grant"]) {
        setting.world.session.rotate_profile(setting.profile).await.unwrap();
        assert_eq!(other.pending_rekeys().await.unwrap(), [setting.profile], "{round}");
        match round {
            "writer resumes" => {
                reader.sync().await.unwrap();
                assert!(
                    reader.pending_rekeys().await.unwrap().is_empty(),
                    "what one cannot write is no work of one's own"
                );
                writer.sync().await.unwrap();
                assert_eq!(writer.pending_rekeys().await.unwrap(), [setting.profile]);
                assert!(writer.finish_rekey(setting.profile, &mut |_| {}).await.unwrap());
            }
            "writer edits" => {
                writer.sync().await.unwrap();
                set(&mut writer, setting.profile, [("SECRET_0".to_owned(), "0".to_owned())].into_iter()).await;
            }
            "edit" => set(&mut other, setting.profile, [("SECRET_0".to_owned(), "0".to_owned())].into_iter()).await,
            "newcomer" => assert!(other.add_member(setting.group, setting.leaves.agent.into()).await.is_ok()),
            "name" => {
                other.rename_profile(setting.profile, Name::new("renamed").unwrap()).await.unwrap();
                other.rename_profile(setting.profile, Name::new("production").unwrap()).await.unwrap();
            }
            _ => {
                let group = other.create_group(Name::new("more").unwrap()).await.unwrap();
                other.grant(group, setting.profile, Access::Read).await.unwrap();
            }
        }
        assert_eq!(setting.epochs(), BTreeMap::from([(expected, LARGE)]), "{round}");
        assert_eq!(finish(&mut setting.world.session).await, 0, "somebody else was faster");
        pull_whole(&agent, LARGE).await;
    }
}

/// A second removal while the first one's re-encryption is under way: what was staged is discarded, not taken.
#[tokio::test]
async fn a_second_removal_starts_again() {
    let mut setting = Setting::new(LARGE, 2).await;
    let (mut other, wire) = setting.world.second_wire().await;
    other.delete_agent(setting.leaves.agent).await.unwrap();
    // Directory, profile, key and then what is staged: killed twice in the middle of that.
    for _ in 0..2 {
        assert!(wire.until(Death { answered: 3, arrives: true }, finish(&mut other)).await.is_none());
    }
    assert!(setting.leftovers() > 0, "something was staged");
    let more = setting.world.token("more", &[setting.group]).await;
    assert_eq!(setting.epochs(), BTreeMap::from([(2, LARGE)]), "a newcomer waits for the end");
    setting.world.session.remove_member(setting.group, more.agent.into()).await.unwrap();
    finish(&mut setting.world.session).await;
    assert_eq!(setting.epochs(), BTreeMap::from([(3, LARGE)]));
    assert_eq!(setting.leftovers(), 0);
    let (agent, _) = setting.world.agent(&setting.stays);
    pull_whole(&agent, LARGE).await;
}

#[tokio::test]
async fn killed_at_any_point_and_resumed_it_ends_well() {
    let secrets = limits::SECRETS_PER_PROFILE;
    let mut setting = Setting::new(secrets, GROUPS).await;
    let (agent, _) = setting.world.agent(&setting.stays);
    let removals = setting.kill_removals(&agent, secrets).await;
    let mut deaths = 0;
    // Forty requests stage, and some come before and after: every second of them, before it arrives or after.
    for point in (0..).map(|number| number * 4 + number % 2) {
        let (mut session, wire) = setting.world.second_wire().await;
        let death = Death { answered: point / 2, arrives: point % 2 == 1 };
        let resumed = wire.until(death, async {
            assert_eq!(session.pending_rekeys().await.unwrap(), [setting.profile]);
            session.finish_rekey(setting.profile, &mut |_| {}).await.unwrap()
        });
        let ended = resumed.await;
        let epochs = setting.epochs();
        assert!(epochs == BTreeMap::from([(1, secrets)]) || epochs == BTreeMap::from([(2, secrets)]), "{epochs:?}");
        if point % 5 == 0 {
            pull_whole(&agent, secrets).await;
        }
        match ended {
            None if epochs.contains_key(&1) => deaths += 1,
            // Killed before it learned that it was done, or done.
            None | Some(true) => break,
            Some(false) => panic!("nobody else was there to do it"),
        }
    }
    println!(
        "a removal from {GROUPS} groups' profile of {secrets} secrets was killed at {removals} points and happened wholly or \
         not at all; its rotation was killed at {deaths} points, and ended well"
    );
    assert!(deaths >= DEATHS);
    assert_eq!(setting.epochs(), BTreeMap::from([(2, secrets)]));
    assert_eq!(setting.leftovers(), 0);
    pull_whole(&agent, secrets).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_editor_cannot_starve_a_removal_nor_lose_a_write() {
    // The counter is one more, which makes it a full one.
    let secrets = limits::SECRETS_PER_PROFILE - 1;
    let mut setting = Setting::new(secrets, GROUPS).await;
    let small = setting.world.profile("small", &[("COUNT", "0")]).await;
    for profile in [small, setting.profile] {
        setting.world.session.grant(setting.group, profile, Access::Write).await.unwrap();
    }
    let (_, account) = setting.world.member("editor", Role::Editor, &[setting.group]).await;
    // On two devices, each with a profile of its own, as fast as that goes.
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut devices = Vec::new();
    for edited in [small, setting.profile] {
        let mut editor = setting.world.try_session(&account).await.unwrap();
        let (count, mut counted) = tokio::sync::watch::channel(0_u64);
        let mut stopped = stopped.clone();
        let busy = tokio::spawn(async move {
            let mut written = 0;
            while !*stopped.borrow_and_update() {
                written += 1;
                set(&mut editor, edited, [("COUNT".to_owned(), written.to_string())].into_iter()).await;
                count.send_replace(written);
            }
            written
        });
        counted.wait_for(|count| *count > 2).await.unwrap();
        devices.push((busy, counted));
    }
    let before: Vec<u64> = devices.iter().map(|(_, counted)| *counted.borrow()).collect();
    setting.world.session.remove_member(setting.group, setting.leaves.agent.into()).await.unwrap();
    finish(&mut setting.world.session).await;
    stop.send(true).unwrap();
    let mut written = Vec::new();
    for (busy, _) in devices {
        written.push(busy.await.unwrap());
    }
    let (agent, _) = setting.world.agent(&setting.stays);
    for (name, last) in ["small", "production"].into_iter().zip(&written) {
        let pulled = agent.pull(name).await.unwrap();
        assert_eq!(pulled.get("COUNT").unwrap().expose_str(), Some(&*last.to_string()), "{name}");
    }
    assert_eq!(setting.epochs(), BTreeMap::from([(2, secrets + 2)]));
    let during: Vec<u64> = written.iter().zip(&before).map(|(all, before)| all - before).collect();
    println!(
        "an editor wrote {during:?} times to two profiles while an agent was removed from both, one of {secrets} secrets"
    );
    assert!(during.iter().all(|writes| *writes > 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_admins_who_rotate_at_once_both_end_well() {
    let secrets = limits::SECRETS_PER_PROFILE;
    let mut setting = Setting::new(secrets, GROUPS).await;
    let (mut one, _) = setting.world.member("one", Role::Admin, &[]).await;
    let (mut two, _) = setting.world.member("two", Role::Admin, &[]).await;
    let rotate = async |session: &mut Session<Wire>| {
        session.rotate_profile(setting.profile).await.unwrap();
        finish(session).await;
    };
    tokio::join!(rotate(&mut one), rotate(&mut two));
    one.sync().await.unwrap();
    let epoch = one.directory().profile(&setting.profile).unwrap().epoch.get();
    assert_eq!(setting.epochs(), BTreeMap::from([(i64::try_from(epoch).unwrap(), secrets)]));
    assert_eq!(epoch, 3, "each made one");
    assert!(one.pending_rekeys().await.unwrap().is_empty());
    let (agent, _) = setting.world.agent(&setting.stays);
    pull_whole(&agent, secrets).await;
    // Who lost the race may still have staged a part after the other's revision: the next one ends it.
    setting.world.set(setting.profile, &[("SECRET_0", "after both")]).await;
    assert_eq!(setting.leftovers(), 0);
}
