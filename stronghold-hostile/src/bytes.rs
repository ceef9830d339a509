//! Bytes that are a little other than they were.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use stronghold_protocol::{
    crypto::sign::SigningKey,
    encoding::Context,
    signed::{KeySignature, Payload, Signed},
};

/// Flips a bit in the middle.
pub(crate) fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

/// Flips a bit in the middle of what base64url holds.
pub(crate) fn flip_text(value: &mut Value) {
    let mut bytes = BASE64URL_NOPAD.decode(value.as_str().unwrap().as_bytes()).unwrap();
    flip(&mut bytes);
    *value = BASE64URL_NOPAD.encode(&bytes).into();
}

/// What an envelope holds, believed without a look at its signatures.
pub(crate) fn payload<T: Payload>(signed: &Signed) -> T {
    serde_json::from_slice(&signed.payload.0).unwrap()
}

/// Signs a payload, and says that another key did.
pub(crate) fn sign_as<T: Payload>(payload: &T, key: &SigningKey, like: &Signed) -> Signed {
    let mut signed = Signed::create(payload, &[key]).unwrap();
    if let Some(other) = like.signatures.first() {
        signed.signatures[0].key = other.key;
    }
    signed
}

/// Signs bytes as a payload, whatever they are.
pub(crate) fn sign_bytes<T: Payload>(bytes: Vec<u8>, key: &SigningKey) -> Signed {
    let input = Context::new("signed-object").field(T::TYPE).field(&bytes).finish();
    let signature = KeySignature { key: key.public_key().key_id(), signature: key.sign(&input) };
    Signed { payload: bytes.into(), signatures: vec![signature] }
}
