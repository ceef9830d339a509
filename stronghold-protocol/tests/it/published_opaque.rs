//! RFC 9807's vectors of OPAQUE-3DH over ristretto255 and SHA-512.
//!
//! They stretch keys with the identity function, so they run through a suite of this test that differs from ours in
//! nothing else. `opaque-ke` draws its randomness in a fixed order, which a scripted generator serves.

use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialFinalization, CredentialRequest, CredentialResponse, Identifiers, RegistrationRequest,
    RegistrationResponse, RegistrationUpload, Ristretto255, ServerLogin, ServerLoginParameters, ServerRegistration,
    ServerSetup, TripleDh,
    ksf::Identity,
    rand::{CryptoRng, Error, RngCore},
};
use std::collections::BTreeMap;

const FILE: &str = include_str!("../vectors/opaque_rfc9807.txt");

struct RfcSuite;

impl CipherSuite for RfcSuite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2_of_opaque::Sha512>;
    type Ksf = Identity;
}

/// Gives exactly these bytes, and panics when asked for more.
struct Scripted(Vec<u8>);

impl Scripted {
    fn new(parts: &[&[u8]]) -> Self {
        Self(parts.concat())
    }

    /// A scalar is drawn as 64 bytes and reduced: the scalar itself, and 32 zeros above it.
    fn scalar(scalar: &[u8]) -> Vec<u8> {
        [scalar, &[0; 32]].concat()
    }

    fn used_up(&self) -> bool {
        self.0.is_empty()
    }
}

impl RngCore for Scripted {
    fn next_u32(&mut self) -> u32 {
        panic!("OPAQUE draws bytes only")
    }

    fn next_u64(&mut self) -> u64 {
        panic!("OPAQUE draws bytes only")
    }

    fn fill_bytes(&mut self, target: &mut [u8]) {
        target.copy_from_slice(&self.0.drain(..target.len()).collect::<Vec<_>>());
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(target);
        Ok(())
    }
}

impl CryptoRng for Scripted {}

/// One vector: its fields by name.
struct Vector {
    title: String,
    fields: BTreeMap<String, Vec<u8>>,
}

impl Vector {
    fn get(&self, name: &str) -> &[u8] {
        self.fields.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.title))
    }

    fn identifiers(&self) -> Identifiers<'_> {
        Identifiers {
            client: self.fields.get("client_identity").map(Vec::as_slice),
            server: self.fields.get("server_identity").map(Vec::as_slice),
        }
    }

    fn server(&self) -> ServerLoginParameters<'_, '_> {
        ServerLoginParameters { context: Some(self.get("Context")), identifiers: self.identifiers() }
    }

    /// `client_public_key` stands for users that do not exist.
    fn setup(&self) -> ServerSetup<RfcSuite> {
        let fake = self.fields.get("client_public_key").map_or(self.get("server_public_key"), Vec::as_slice);
        let bytes = [self.get("oprf_seed"), self.get("server_private_key"), fake].concat();
        let setup = ServerSetup::deserialize(&bytes).unwrap();
        assert_eq!(setup.keypair().public().serialize().as_slice(), self.get("server_public_key"));
        setup
    }
}

/// Reads the RFC's form: indented `name: hex`, continued on the next lines.
fn vectors(kind: &str) -> Vec<Vector> {
    let mut vectors: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in FILE.lines().filter(|line| !line.is_empty()) {
        let Some(line) = line.strip_prefix("   ") else {
            vectors.push((line.to_owned(), Vec::new()));
            continue;
        };
        let fields = &mut vectors.last_mut().unwrap().1;
        match line.split_once(": ") {
            Some((name, hex)) => fields.push((name.to_owned(), hex.to_owned())),
            None => fields.last_mut().unwrap().1.push_str(line),
        }
    }
    let decode = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
    vectors
        .into_iter()
        .filter(|(title, _)| title.contains(kind))
        .map(|(title, fields)| Vector {
            title,
            fields: fields.into_iter().map(|(name, hex)| (name, decode(&hex))).collect(),
        })
        .collect()
}

#[test]
fn real_keys() {
    let vectors = vectors("Real");
    for vector in &vectors {
        register(vector);
        log_in(vector);
    }
    println!("RFC 9807: {} real vectors", vectors.len());
    assert!(!vectors.is_empty());
}

fn register(vector: &Vector) {
    let mut rng = Scripted::new(&[&Scripted::scalar(vector.get("blind_registration"))]);
    let started = ClientRegistration::<RfcSuite>::start(&mut rng, vector.get("password")).unwrap();
    assert!(rng.used_up());
    assert_eq!(started.message.serialize().as_slice(), vector.get("registration_request"), "{}", vector.title);

    let request = RegistrationRequest::deserialize(vector.get("registration_request")).unwrap();
    let answer =
        ServerRegistration::<RfcSuite>::start(&vector.setup(), request, vector.get("credential_identifier")).unwrap();
    assert_eq!(answer.message.serialize().as_slice(), vector.get("registration_response"), "{}", vector.title);

    let mut rng = Scripted::new(&[vector.get("envelope_nonce")]);
    let response = RegistrationResponse::deserialize(vector.get("registration_response")).unwrap();
    let parameters = ClientRegistrationFinishParameters::new(vector.identifiers(), None);
    let finished = started.state.finish(&mut rng, vector.get("password"), response, parameters).unwrap();
    assert!(rng.used_up());
    assert_eq!(finished.message.serialize().as_slice(), vector.get("registration_upload"), "{}", vector.title);
    assert_eq!(finished.export_key.as_slice(), vector.get("export_key"), "{}", vector.title);
}

fn log_in(vector: &Vector) {
    let blind = Scripted::scalar(vector.get("blind_login"));
    let mut rng = Scripted::new(&[&blind, vector.get("client_keyshare_seed"), vector.get("client_nonce")]);
    let started = ClientLogin::<RfcSuite>::start(&mut rng, vector.get("password")).unwrap();
    assert!(rng.used_up());
    assert_eq!(started.message.serialize().as_slice(), vector.get("KE1"), "{}", vector.title);

    let upload = RegistrationUpload::<RfcSuite>::deserialize(vector.get("registration_upload")).unwrap();
    let (at_server, response) = answer(vector, Some(ServerRegistration::finish(upload)), &[0; 64]);
    assert_eq!(response, vector.get("KE2"), "{}", vector.title);

    let response = CredentialResponse::deserialize(vector.get("KE2")).unwrap();
    let parameters = ClientLoginFinishParameters::new(Some(vector.get("Context")), vector.identifiers(), None);
    let mut rng = Scripted::new(&[]);
    let finished = started.state.finish(&mut rng, vector.get("password"), response, parameters).unwrap();
    assert_eq!(finished.message.serialize().as_slice(), vector.get("KE3"), "{}", vector.title);
    assert_eq!(finished.export_key.as_slice(), vector.get("export_key"), "{}", vector.title);
    assert_eq!(finished.session_key.as_slice(), vector.get("session_key"), "{}", vector.title);

    let finalization = CredentialFinalization::deserialize(vector.get("KE3")).unwrap();
    let session = at_server.finish(finalization, vector.server()).unwrap().session_key;
    assert_eq!(session.as_slice(), vector.get("session_key"), "{}", vector.title);
}

/// The server's answer to KE1. A fake record's masking key is drawn first, whether it is needed or not.
fn answer(
    vector: &Vector,
    record: Option<ServerRegistration<RfcSuite>>,
    masking_key: &[u8],
) -> (ServerLogin<RfcSuite>, Vec<u8>) {
    let mut rng = Scripted::new(&[
        masking_key,
        vector.get("masking_nonce"),
        vector.get("server_keyshare_seed"),
        vector.get("server_nonce"),
    ]);
    let request = CredentialRequest::deserialize(vector.get("KE1")).unwrap();
    let credential = vector.get("credential_identifier");
    let started = ServerLogin::start(&mut rng, &vector.setup(), record, request, credential, vector.server()).unwrap();
    assert!(rng.used_up());
    (started.state, started.message.serialize().to_vec())
}

#[test]
fn fake_keys() {
    let vectors = vectors("Fake");
    for vector in &vectors {
        let (_, response) = answer(vector, None, vector.get("masking_key"));
        assert_eq!(response, vector.get("KE2"), "{}", vector.title);
    }
    println!("RFC 9807: {} fake vectors", vectors.len());
    assert!(!vectors.is_empty());
}
