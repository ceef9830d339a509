//! No more of an answer is read than its route's can have, whatever a server sends.

use crate::world::World;
use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use stronghold_sdk::{
    Client, ErrorKind, HttpTransport, LocalIdentity, ProfileReader,
    admin::{Edit, NewSecret},
    protocol::{
        api::{BoundedReply, ProfileList, ReplyLimit, SealedProfile, WhoAmI},
        evidence::Anchor,
        id::{AgentId, OrgId, PrincipalId},
        limits,
        name::SecretName,
        number::Seq,
        time::SystemClock,
    },
};
use zeroize::Zeroizing;

/// More than any answer can have that is asked for here: an end after all, for clients that read everything.
const END: usize = 256 * 1024 * 1024;

/// A server whose answers never end. Says how much of the last one was taken.
struct Endless {
    url: String,
    taken: Arc<AtomicUsize>,
}

impl Endless {
    fn answering(head: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken = Arc::new(AtomicUsize::new(0));
        let sent = Arc::clone(&taken);
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                sent.store(0, Ordering::SeqCst);
                let _ = client.read(&mut [0; 16 * 1024]);
                let _ = client.write_all(head.as_bytes());
                let chunk = [&b"4000\r\n"[..], &[b' '; 0x4000], b"\r\n"].concat();
                while sent.load(Ordering::SeqCst) < END && client.write_all(&chunk).is_ok() {
                    sent.fetch_add(0x4000, Ordering::SeqCst);
                }
            }
        });
        Self { url, taken }
    }

    fn client(&self) -> Client<HttpTransport> {
        Client::new(HttpTransport::builder(&self.url).build().unwrap(), Arc::new(SystemClock))
    }

    /// What may be on the way beyond what is read: buffers of two sockets.
    fn assert_taken(&self, most: usize) {
        let taken = self.taken.load(Ordering::SeqCst);
        assert!(taken <= most + 16 * 1024 * 1024, "{taken} bytes of {most}");
    }
}

fn stranger(org: OrgId) -> LocalIdentity {
    LocalIdentity::from_seed(org, PrincipalId::Agent(AgentId::from_bytes([1; 16])), &[7; 32])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_end_is_left_where_its_routes_limit_is() {
    let org = OrgId([1; 32]);
    let who = stranger(org);
    let anchor = Anchor { org, seq: Seq::FIRST, hash: vec![0; 16], remembered: None, roster: None };
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let server = Endless::answering(ok);
    let client = server.client();
    let refused = client.who_am_i(&who).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Integrity);
    assert!(refused.to_string().contains("larger than the"), "{refused}");
    server.assert_taken(WhoAmI::MOST_BYTES);
    let refused = client.list_profiles(&who, &anchor).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Integrity);
    server.assert_taken(ProfileList::MOST_BYTES);
    // A problem is small, whatever was asked for.
    let problem =
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/problem+json\r\ntransfer-encoding: chunked\r\n\r\n";
    let server = Endless::answering(problem);
    let refused = server.client().list_profiles(&who, &anchor).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unreachable);
    assert!(refused.to_string().contains("more than"), "{refused}");
    server.assert_taken(limits::PROBLEM_BYTES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_announces_too_much_is_not_read_at_all() {
    let who = stranger(OrgId([1; 32]));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 16 * 1024]);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3000000\r\n\r\n";
            let _ = client.write_all(head.as_bytes());
            // Nothing comes, until the client goes.
            let _ = client.read(&mut [0]);
        }
    });
    let transport = HttpTransport::builder(&url).timeout(Duration::from_secs(20)).build().unwrap();
    let refused = Client::new(transport, Arc::new(SystemClock)).who_am_i(&who).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Integrity);
}

/// Each limit holds what a server of this protocol may send.
#[test]
fn the_largest_profile_fits_into_its_reply() {
    // Ciphertexts in base64; around each secret its index, id, version and names of members; proofs are small beside that.
    let largest = limits::PROFILE_SEALED_BYTES.div_ceil(3) * 4 + limits::SECRETS_PER_PROFILE * 512;
    assert!(largest + 16 * 1024 * 1024 <= SealedProfile::MOST_BYTES);
    assert_eq!(ReplyLimit::of::<SealedProfile>().bytes(200), limits::PROFILE_REPLY_BYTES);
    assert_eq!(ReplyLimit::of::<SealedProfile>().bytes(400), limits::PROBLEM_BYTES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_after_which_a_profile_were_too_large_is_not_sent() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("A", "one")]).await;
    let edit = |count: usize| {
        let mut edit = Edit::default();
        for number in 0..count {
            let value = Zeroizing::new(vec![b'x'; limits::SECRET_VALUE_BYTES]);
            edit.set.insert(SecretName::new(&format!("LARGE_{number}")).unwrap(), NewSecret { value, note: None });
        }
        edit
    };
    let most = limits::PROFILE_SEALED_BYTES / limits::SECRET_VALUE_BYTES;
    // Ciphertexts are larger than what they hold, so as many as would fit bare do not.
    let refused = world.session.edit(profile, &edit(most), true).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Failure);
    assert!(refused.to_string().contains("at most 64 MiB"), "{refused}");
    world.session.edit(profile, &edit(most * 3 / 4), true).await.unwrap();
}
