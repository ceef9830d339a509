//! Seals and ciphertexts whose randomness is fixed.

use crate::published_hpke::Scripted;
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use hpke::{
    Deserializable, Kem, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::XWing,
    setup_sender_with_rng,
};
use stronghold_sdk::protocol::crypto::{hash::sha256, kdf::Kdf, kem::KemPublicKey};

/// Seals with the randomness that hash of context and recipient gives.
pub(crate) fn sealed(to: &KemPublicKey, info: &[u8], plain: &[u8]) -> Vec<u8> {
    let seed = |salt: u8| sha256(&[&[salt], info, to.as_bytes()]).0;
    let mut rng = Scripted([seed(1), seed(2)].concat());
    let public = <XWing as Kem>::PublicKey::from_bytes(to.as_bytes()).unwrap();
    let (enc, mut context) =
        setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeS::Base, &public, info, &mut rng).unwrap();
    [enc.to_bytes().as_slice(), &context.seal(plain, &[]).unwrap()].concat()
}

/// Encrypts any frame, right or wrong, without the code under test but for HKDF. The nonce is fixed, or the context's hash.
pub(crate) fn encrypted_frame(kdf: &Kdf, context: &[u8], nonce: Option<[u8; 24]>, frame: &[u8]) -> Vec<u8> {
    let keys = kdf.derive::<64>(context);
    let (key, commitment) = keys.split_at(32);
    let nonce = nonce.unwrap_or_else(|| sha256(&[context]).0[..24].try_into().unwrap());
    let mut body = frame.to_vec();
    let tag = XChaCha20Poly1305::new(key.try_into().unwrap())
        .encrypt_inout_detached(&nonce.into(), context, body.as_mut_slice().into())
        .unwrap();
    [commitment, &nonce, &body, &tag].concat()
}

/// The frame of a plaintext: length, plaintext, zeros up to the padded length.
pub(crate) fn frame(plain: &[u8]) -> Vec<u8> {
    let length = plain.len() + 4;
    let exponent = length.ilog2();
    let mask = (1_usize << (exponent - (exponent.ilog2() + 1).min(exponent))) - 1;
    let mut frame = [&u32::try_from(plain.len()).unwrap().to_be_bytes()[..], plain].concat();
    frame.resize((length + mask) & !mask, 0);
    frame
}
