//! The client's cryptography: what is sealed opens, in its place only, and whatever was altered does not.

use proptest::prelude::*;
use stronghold_protocol::{
    crypto::{
        kdf::Kdf,
        kem::KemPublicKey,
        password::{Account, PasswordError, ServerSetup},
    },
    id::{OrgId, UserId},
};
use stronghold_sdk::crypto::{
    OpenError, SealError, aead,
    identity::Identity,
    padme::padded_length,
    password::{self, PasswordInput},
    seal::{self, KemSecretKey},
};

proptest! {
    #[test]
    fn secrets_open_in_their_place_only(
        key: [u8; 32], other: [u8; 32], context in "[a-z]{0,40}", plain in proptest::collection::vec(any::<u8>(), 0..2000), flip: prop::sample::Index,
    ) {
        prop_assume!(key != other);
        let kdf = Kdf::new(&key);
        let sealed = aead::seal(&kdf, context.as_bytes(), &plain).unwrap();
        prop_assert_eq!(sealed.len(), aead::OVERHEAD_BYTES + padded_length(4 + plain.len()));
        let opened = aead::open(&kdf, context.as_bytes(), &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), plain.as_slice());
        prop_assert_eq!(aead::open(&Kdf::new(&other), context.as_bytes(), &sealed), Err(OpenError));
        prop_assert_eq!(aead::open(&kdf, format!("{context}x").as_bytes(), &sealed), Err(OpenError));
        let mut altered = sealed.clone();
        altered[flip.index(sealed.len())] ^= 1;
        prop_assert_eq!(aead::open(&kdf, context.as_bytes(), &altered), Err(OpenError));
        prop_assert_eq!(aead::open(&kdf, context.as_bytes(), &sealed[..flip.index(sealed.len())]), Err(OpenError));
        let again = aead::seal(&kdf, context.as_bytes(), &plain).unwrap();
        prop_assert_ne!(again, sealed, "nonces are random");
    }

    #[test]
    fn padding_is_short_and_hides_small_differences(length in 0_usize..1 << 40) {
        let padded = padded_length(length);
        prop_assert!(padded >= length);
        prop_assert!((padded - length) * 100 <= length * 12);
        prop_assert_eq!(padded_length(padded), padded, "a padded length is its own");
        prop_assert!(padded_length(length + 1) >= padded, "longer never looks shorter");
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1300)) {
        prop_assert_eq!(aead::open(&Kdf::new(&[1; 32]), b"context", &bytes), Err(OpenError));
    }
}

#[test]
fn padded_lengths_are_those_of_the_paper() {
    // Worked out by hand from section 4 of the PURBs paper: 9 = 0b1001 has E = 3, S = 2, so its last bit is rounded away.
    let lengths = [
        (0, 0),
        (1, 1),
        (2, 2),
        (8, 8),
        (9, 10),
        (10, 10),
        (100, 104),
        (1000, 1024),
        (1025, 1088),
        (usize::MAX, usize::MAX),
    ];
    for (length, padded) in lengths {
        assert_eq!(padded_length(length), padded, "{length}");
    }
}

#[test]
fn seals_open_in_their_place_only() {
    let key = KemSecretKey::from_seed(&[7; 32]);
    let sealed = seal::seal(&key.public_key(), b"info", b"plaintext").unwrap();
    assert_eq!(sealed.len(), seal::OVERHEAD_BYTES + 9);
    assert_eq!(seal::open(&key, b"info", &sealed).unwrap().as_slice(), b"plaintext");
    assert_eq!(seal::open(&key, b"inf", &sealed), Err(OpenError));
    assert_eq!(seal::open(&KemSecretKey::from_seed(&[8; 32]), b"info", &sealed), Err(OpenError));
    assert_ne!(seal::seal(&key.public_key(), b"info", b"plaintext").unwrap(), sealed, "encapsulation is random");
    for position in [0, 500, 1087, 1088, 1119, 1120, 1128, sealed.len() - 1] {
        let mut altered = sealed.clone();
        altered[position] ^= 1;
        assert_eq!(seal::open(&key, b"info", &altered), Err(OpenError), "{position}");
    }
    for length in [0, 1, 1119, 1120, 1135, sealed.len() - 1] {
        assert_eq!(seal::open(&key, b"info", &sealed[..length]), Err(OpenError), "{length}");
    }
    assert_eq!(seal::open(&key, b"info", &[sealed.as_slice(), &[0]].concat()), Err(OpenError));
}

#[test]
fn what_cannot_be_sealed_is_an_error() {
    let key = KemSecretKey::from_seed(&[7; 32]);
    // Coefficients of an ML-KEM key are below 3329: all ones are not a key (FIPS 203, section 7.2).
    let invalid = KemPublicKey::from_bytes(&[0xff; KemPublicKey::LENGTH]).unwrap();
    assert_eq!(seal::seal(&invalid, b"info", b"plaintext"), Err(SealError::InvalidRecipient));
    for length in [0, KemPublicKey::LENGTH - 1, KemPublicKey::LENGTH + 1] {
        assert!(KemPublicKey::from_bytes(&vec![0; length]).is_err(), "{length}");
    }
    let long = vec![0; 70_000];
    assert_eq!(seal::seal(&key.public_key(), &long, b"plaintext"), Err(SealError::TooLong));
    assert_eq!(seal::open(&key, &long, &[0; 2000]), Err(OpenError));
}

#[test]
fn what_a_seal_is_bound_to_is_at_most_32_kib() {
    let key = KemSecretKey::from_seed(&[7; 32]);
    let longest = vec![b'i'; 32 * 1024];
    let sealed = seal::seal(&key.public_key(), &longest, b"plaintext").unwrap();
    assert_eq!(seal::open(&key, &longest, &sealed).unwrap().as_slice(), b"plaintext");
    let longer = vec![b'i'; 32 * 1024 + 1];
    assert_eq!(seal::seal(&key.public_key(), &longer, b"plaintext"), Err(SealError::TooLong));
}

#[test]
fn an_identity_is_its_seed() {
    let identity = Identity::from_seed(&[1; 32]);
    let again = Identity::from_seed(&[1; 32]);
    assert_eq!(identity.public_keys(), again.public_keys());
    let other = Identity::from_seed(&[2; 32]).public_keys();
    assert_ne!(identity.public_keys().sign, other.sign);
    assert_ne!(identity.public_keys().kem, other.kem);
    let signature = identity.signing_key().sign(b"message");
    assert_eq!(identity.public_keys().sign.verify(b"message", &signature), Ok(()));
    let sealed = seal::seal(&identity.public_keys().kem, b"", b"seed").unwrap();
    assert_eq!(seal::open(again.kem_key(), b"", &sealed).unwrap().as_slice(), b"seed");
    let shown = format!("{identity:?} {:?}", identity.kem_key());
    assert!(shown.len() < 200, "only key ids are shown: {shown}");
}

/// A server and a registered user.
struct Registered {
    setup: ServerSetup,
    account: Account,
    record: stronghold_protocol::crypto::password::PasswordRecord,
    export_key: Vec<u8>,
}

const ORG: OrgId = OrgId([1; 32]);
const USER: UserId = UserId::from_bytes([2; 16]);

fn registered(input: &PasswordInput) -> Registered {
    let setup = ServerSetup::generate().unwrap();
    let account = Account::new(&ORG, &USER);
    let (state, request) = password::registration_start(input).unwrap();
    let response = stronghold_protocol::crypto::password::registration_response(&setup, &account, &request).unwrap();
    let finished = password::registration_finish(state, input, &response, &ORG, &USER).unwrap();
    let record = stronghold_protocol::crypto::password::password_record(&finished.upload).unwrap();
    Registered { setup, account, record, export_key: finished.export_key.to_vec() }
}

#[test]
fn logging_in_gives_the_key_of_registration_to_whoever_knows_password_and_account_key() {
    use stronghold_protocol::crypto::password::{LoginState, PasswordRecord, login_finish, login_start};
    let input = PasswordInput::new("correct horse", &[9; 16]);
    let known = registered(&input);
    // What a server stores comes back as it was.
    let setup = ServerSetup::deserialize(&known.setup.serialize()).unwrap();
    let record = PasswordRecord::from_bytes(known.record.as_bytes()).unwrap();

    let (state, request) = password::login_start(&input).unwrap();
    let (at_server, response) = login_start(&setup, &known.account, Some(&record), &request).unwrap();
    let finished = password::login_finish(state, &input, &response, &ORG, &USER).unwrap();
    assert_eq!(finished.export_key.to_vec(), known.export_key);
    let at_server = LoginState::from_bytes(at_server.as_bytes());
    let session = login_finish(&at_server, &known.account, &finished.finalization).unwrap();
    assert_eq!(*session, *finished.session_key);
    let mut altered = finished.finalization.clone();
    altered.0[0] ^= 1;
    assert_eq!(login_finish(&at_server, &known.account, &altered), Err(PasswordError::Rejected));
    assert_eq!(at_server.as_bytes().len(), 128);
}

#[test]
fn whoever_knows_less_is_rejected_and_cannot_tell_why() {
    use stronghold_protocol::crypto::password::login_start;
    let input = PasswordInput::new("correct horse", &[9; 16]);
    let known = registered(&input);
    let answer = |input: &PasswordInput, account: &Account, known_user: bool| {
        let (state, request) = password::login_start(input).unwrap();
        let record = known_user.then_some(&known.record);
        (state, login_start(&known.setup, account, record, &request).unwrap().1)
    };
    let mut lengths = std::collections::BTreeSet::new();
    let mut rejected = |input: &PasswordInput, account: &Account, known_user, org: &OrgId, user: &UserId| {
        let (state, response) = answer(input, account, known_user);
        lengths.insert(response.0.len());
        assert_eq!(password::login_finish(state, input, &response, org, user).err(), Some(PasswordError::Rejected));
    };
    rejected(&PasswordInput::new("correct hors", &[9; 16]), &known.account, true, &ORG, &USER);
    rejected(&PasswordInput::new("correct horse", &[8; 16]), &known.account, true, &ORG, &USER);
    rejected(&input, &known.account, false, &ORG, &USER);
    let other = UserId::from_bytes([3; 16]);
    rejected(&input, &Account::new(&ORG, &other), true, &ORG, &other);
    // A server that passes one organization off as another.
    rejected(&input, &known.account, true, &OrgId([2; 32]), &USER);
    assert_eq!(lengths.len(), 1, "an answer for nobody is as long as one for somebody");
}

#[test]
fn malformed_password_messages_are_errors() {
    use stronghold_protocol::{
        crypto::password::{
            LoginState, PasswordRecord, login_finish, login_start, password_record, registration_response,
        },
        encoding::Base64Bytes,
    };
    let input = PasswordInput::new("correct horse", &[9; 16]);
    let known = registered(&input);
    let (_, good) = password::login_start(&input).unwrap();
    let (state, _) = login_start(&known.setup, &known.account, None, &good).unwrap();
    for length in (0..400).chain([1000, 100_000]) {
        for byte in [0, 0xff] {
            let bytes = vec![byte; length];
            let message = Base64Bytes(bytes.clone());
            assert_eq!(registration_response(&known.setup, &known.account, &message), Err(PasswordError::Malformed));
            assert_eq!(
                login_start(&known.setup, &known.account, None, &message).map(|_| ()),
                Err(PasswordError::Malformed)
            );
            let (login, _) = password::login_start(&input).unwrap();
            assert!(password::login_finish(login, &input, &message, &ORG, &USER).is_err());
            let (registration, _) = password::registration_start(&input).unwrap();
            assert!(password::registration_finish(registration, &input, &message, &ORG, &USER).is_err());
            assert!(login_finish(&state, &known.account, &message).is_err());
            assert!(ServerSetup::deserialize(&bytes).is_err());
            let _ = (password_record(&message), PasswordRecord::from_bytes(&bytes));
            let _ = login_finish(&LoginState::from_bytes(&bytes), &known.account, &Base64Bytes(vec![0; 64]));
        }
    }
    for length in 0..good.0.len() {
        let message = Base64Bytes(good.0[..length].to_vec());
        assert!(login_start(&known.setup, &known.account, None, &message).is_err(), "{length}");
    }
    let setup = known.setup.serialize();
    for length in 0..setup.len() {
        assert!(ServerSetup::deserialize(&setup[..length]).is_err(), "{length}");
    }
    let trailing = [setup.as_slice(), &[0]].concat();
    assert!(ServerSetup::deserialize(&trailing).is_err());
}

#[test]
fn nothing_secret_is_shown() {
    let input = PasswordInput::new("correct horse", &[9; 16]);
    let known = registered(&input);
    let (state, _) = password::login_start(&input).unwrap();
    let shown = format!("{input:?} {:?} {state:?}", known.setup);
    assert!(shown.contains("REDACTED") && shown.len() < 120, "{shown}");
}
