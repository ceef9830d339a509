//! The bare primitives that opening and encrypting secrets cannot do without.

use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce, aead::AeadInOut};
use hkdf::Hkdf;
use sha2::Sha256;
use std::hint::black_box;
use stronghold_sdk::{crypto::aead::OVERHEAD_BYTES, protocol::secret::SealedSecret};

/// The ciphertexts of a profile under keys of this benchmark, of the same number and sizes.
#[derive(Debug)]
pub struct Ciphertexts {
    master: [u8; 32],
    parts: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Ciphertexts {
    /// As many, and as large, as those of these secrets.
    #[must_use]
    pub fn like(secrets: &[SealedSecret]) -> Self {
        let master = [7; 32];
        let sizes = secrets.iter().flat_map(|secret| [secret.meta.0.len(), secret.value.0.len()]);
        let parts = sizes.enumerate().map(|(number, size)| {
            // As long as the real context, which names organization, profile, epoch, secret, version and part.
            let info = [&number.to_be_bytes()[..], &[0; 150]].concat();
            let mut bytes = vec![1; size - OVERHEAD_BYTES];
            let tag = cipher(&master, &info).encrypt_inout_detached(
                &XNonce::from([9; 24]),
                &info,
                bytes.as_mut_slice().into(),
            );
            bytes.extend_from_slice(&tag.unwrap());
            (info, bytes)
        });
        Self { master, parts: parts.collect() }
    }

    /// The key under which they are.
    #[must_use]
    pub const fn master(&self) -> &[u8; 32] {
        &self.master
    }

    /// Them, each with its context.
    #[must_use]
    pub fn parts(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.parts
    }

    /// Opens all: one HKDF (extract and expand) and one XChaCha20-Poly1305 a ciphertext.
    pub fn run_with_hkdf(&self) {
        for (info, bytes) in &self.parts {
            open(&cipher(&self.master, info), info, bytes);
        }
    }

    /// Encrypts as many bytes anew, under another key: the same work again, the other way.
    pub fn encrypt_with_hkdf(&self) {
        for (info, bytes) in &self.parts {
            let mut sealed = bytes.clone();
            let cipher = cipher(&[8; 32], info);
            let tag = cipher.encrypt_inout_detached(&XNonce::from([9; 24]), info, sealed.as_mut_slice().into());
            black_box((tag.unwrap(), sealed));
        }
    }
}

fn cipher(master: &[u8; 32], info: &[u8]) -> XChaCha20Poly1305 {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, master).expand(info, &mut key).unwrap();
    XChaCha20Poly1305::new(&key.into())
}

/// Opens one ciphertext, its tag last.
pub fn open(cipher: &XChaCha20Poly1305, info: &[u8], bytes: &[u8]) {
    let (ciphertext, tag) = bytes.split_last_chunk::<16>().unwrap();
    let mut plain = ciphertext.to_vec();
    cipher.decrypt_inout_detached(&XNonce::from([9; 24]), info, plain.as_mut_slice().into(), &Tag::from(*tag)).unwrap();
    black_box(plain);
}
