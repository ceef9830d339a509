//! The password suite's key stretching, and what a server shows of its secrets. Whole log-ins are tested with the client.

use opaque_ke::{generic_array::GenericArray, ksf::Ksf};
use stronghold_protocol::{
    crypto::password::{
        ARGON2_KIB, ARGON2_LANES, ARGON2_PASSES, Account, Argon2id, PasswordError, PasswordRecord, ServerSetup,
        login_start, registration_response,
    },
    encoding::Base64Bytes,
    id::{OrgId, UserId},
};

/// Argon2id over 64 bytes 0x01 with suite 1's parameters, computed with the reference implementation in C:
/// `argon2.low_level.hash_secret_raw(b"\x01" * 64, bytes(16), time_cost=3, memory_cost=65536, parallelism=4,
/// hash_len=64, type=Type.ID, version=0x13)` of the Python package `argon2-cffi`.
#[test]
fn key_stretching_is_argon2id_at_the_fixed_cost() {
    assert_eq!((ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES), (65_536, 3, 4));
    let output = Argon2id.hash(GenericArray::<u8, opaque_ke::generic_array::typenum::U64>::from([1; 64])).unwrap();
    let expected = "7ccf99f775bf69c8bb3381d0d5c7384c8e55d98976b3e7556aa6e87e351084d2\
                    576837de10f22d64ca2a908ca082637264533bf654178f4794a3828d5c9cb5e7";
    assert_eq!(data_encoding::HEXLOWER.encode(&output), expected);
}

#[test]
fn a_server_setup_is_stored_and_read_back() {
    let setup = ServerSetup::generate().unwrap();
    let stored = setup.serialize();
    assert_eq!(ServerSetup::deserialize(&stored).unwrap().serialize(), stored);
    assert_ne!(ServerSetup::generate().unwrap().serialize(), stored);
    assert_eq!(format!("{setup:?}"), "ServerSetup([REDACTED])");
    for length in 0..stored.len() {
        assert_eq!(ServerSetup::deserialize(&stored[..length]).err(), Some(PasswordError::Malformed), "{length}");
    }
}

#[test]
fn what_is_no_message_is_refused_without_a_panic() {
    let setup = ServerSetup::generate().unwrap();
    let account = Account::new(&OrgId([1; 32]), &UserId::from_bytes([2; 16]));
    for length in [0, 1, 31, 32, 33, 64, 96, 192, 4096] {
        for byte in [0, 1, 0xff] {
            let message = Base64Bytes(vec![byte; length]);
            assert_eq!(registration_response(&setup, &account, &message).err(), Some(PasswordError::Malformed));
            assert_eq!(login_start(&setup, &account, None, &message).err(), Some(PasswordError::Malformed));
        }
        assert_eq!(PasswordRecord::from_bytes(&vec![0xff; length]).err(), Some(PasswordError::Malformed));
    }
}
