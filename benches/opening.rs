//! Opening a sealed profile against the bare primitives that it cannot do without, on the same bytes, in the same run.
//!
//! Both sides are timed in turn, so that a machine whose speed drifts drifts for both; what is printed is the ratio of the
//! medians. Nothing is asserted: the budgets are in the printed lines, for people and for whoever compares runs.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};
use stronghold_benches::{
    bare::{Ciphertexts, open},
    world::{Org, anchor_of},
};
use stronghold_sdk::{
    Answered, LocalIdentity, ProfileReader,
    crypto::seal::{self, KemSecretKey},
    open::{IdentityDecryptor, Want, open_profile},
    protocol::{
        api::SealedProfile,
        evidence::{Anchor, ProfileSelector},
        limits,
    },
};

const PROFILE: &str = "production";

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let small = runtime.block_on(Reading::of_secrets(100));
    let large = runtime.block_on(Reading::of_secrets(limits::SECRETS_PER_PROFILE));

    let primitives = Primitives::of(&small.answered.reply);
    let (ours, bare) =
        compare(if quick { 60 } else { 400 }, || small.prepare(), |answered| small.open(answered), || primitives.run());
    report("opening a profile of 100 secrets, against the sum of its bare primitives", ours, bare, 1.5, 1.1);

    let bare_secrets = Ciphertexts::like(&large.answered.reply.secrets);
    let (ours, bare) = compare(
        if quick { 7 } else { 31 },
        || large.prepare(),
        |answered| large.open(answered),
        || bare_secrets.run_with_hkdf(),
    );
    report("opening 10,000 secrets, against bare XChaCha20-Poly1305 and one HKDF each", ours, bare, 2.0, 1.2);
}

/// Medians of both sides, timed in turn.
fn compare<I>(samples: usize, prepare: impl Fn() -> I, ours: impl Fn(I), bare: impl Fn()) -> (Duration, Duration) {
    let mut times = (Vec::with_capacity(samples), Vec::with_capacity(samples));
    for sample in 0..=samples {
        let input = prepare();
        let start = Instant::now();
        ours(input);
        let first = start.elapsed();
        let start = Instant::now();
        bare();
        let second = start.elapsed();
        // The first of each warms up.
        if sample > 0 {
            times.0.push(first);
            times.1.push(second);
        }
    }
    (median(times.0), median(times.1))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn report(what: &str, ours: Duration, bare: Duration, must: f64, aim: f64) {
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!("{what}: {ratio:.2}x ({ours:.1?} against {bare:.1?}; must reach {must}x, aim for {aim}x)");
}

/// A reply that an agent got, and what it needs to open it.
struct Reading {
    answered: Answered<SealedProfile>,
    who: Arc<LocalIdentity>,
    anchor: Anchor,
    _org: Org,
}

impl Reading {
    /// Of a profile of `count` secrets.
    async fn of_secrets(count: usize) -> Self {
        let mut org = Org::new().await;
        let profile = org.profile(PROFILE, count).await;
        let token = org.agent("reader", &[profile]).await;
        let who = Arc::new(LocalIdentity::from_token(&token));
        let anchor = anchor_of(&token);
        let answered = org.client().read_profile(&*who, &selector(), &anchor).await.unwrap();
        assert_eq!(answered.reply.secrets.len(), count);
        Self { answered, who, anchor, _org: org }
    }

    /// A copy of the reply, which opening takes apart.
    fn prepare(&self) -> Answered<SealedProfile> {
        self.answered.clone()
    }

    /// Verifies and opens everything.
    fn open(&self, answered: Answered<SealedProfile>) {
        let selector = selector();
        let want = Want { profile: &selector, anchor: &self.anchor, floors: &[], minimum: None };
        let decryptor = IdentityDecryptor::new(Arc::clone(&self.who));
        let opened = open_profile(answered, &*self.who, &decryptor, &want).unwrap();
        black_box(opened.into_secrets());
    }
}

fn selector() -> ProfileSelector {
    PROFILE.parse().unwrap()
}

/// What opening cannot do without: two Ed25519 signatures (header, manifest), two X-Wing openings (group seed, master
/// key), per secret two HKDF expansions, two decryptions, one keyed hash of the name and the hashes of the Merkle tree.
struct Primitives {
    ciphertexts: Ciphertexts,
    verifying: VerifyingKey,
    signed: Vec<(Vec<u8>, ed25519_dalek::Signature)>,
    kem: KemSecretKey,
    sealed: Vec<u8>,
}

impl Primitives {
    fn of(reply: &SealedProfile) -> Self {
        let signing = SigningKey::from_bytes(&[5; 32]);
        let payloads = [&reply.chain.head.payload.0, &reply.profile.manifest.payload.0];
        let kem = KemSecretKey::from_seed(&[6; 32]);
        Self {
            ciphertexts: Ciphertexts::like(&reply.secrets),
            verifying: signing.verifying_key(),
            signed: payloads.iter().map(|payload| ((*payload).clone(), signing.sign(payload))).collect(),
            sealed: seal::seal(&kem.public_key(), &[0; 150], &[1; 32]).unwrap(),
            kem,
        }
    }

    fn run(&self) {
        for (payload, signature) in &self.signed {
            self.verifying.verify_strict(payload, signature).unwrap();
        }
        for _ in 0..2 {
            black_box(seal::open(&self.kem, &[0; 150], &self.sealed).unwrap());
        }
        let extracted = Hkdf::<Sha256>::new(None, self.ciphertexts.master());
        for (info, bytes) in self.ciphertexts.parts() {
            // Key and commitment.
            let mut okm = [0; 64];
            extracted.expand(info, &mut okm).unwrap();
            let key: [u8; 32] = okm[..32].try_into().unwrap();
            open(&XChaCha20Poly1305::new(&key.into()), info, bytes);
            black_box(Sha256::digest(bytes));
        }
        for _ in 0..self.ciphertexts.parts().len() / 2 {
            let mut index = [0; 32];
            extracted.expand(b"a name of a secret", &mut index).unwrap();
            black_box((Sha256::digest([0; 150]), Sha256::digest([1; 65]), index));
        }
    }
}
