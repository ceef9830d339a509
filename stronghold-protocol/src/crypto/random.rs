//! The operating system's randomness.

use zeroize::Zeroizing;

/// The operating system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct RandomnessUnavailable;

/// `N` random bytes that need not stay secret (nonces, ids).
///
/// # Errors
/// [`RandomnessUnavailable`] when the operating system gives none.
pub fn array<const N: usize>() -> Result<[u8; N], RandomnessUnavailable> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| RandomnessUnavailable)?;
    Ok(bytes)
}

/// `N` random bytes that are wiped when dropped (keys, seeds).
///
/// # Errors
/// [`RandomnessUnavailable`] when the operating system gives none.
pub fn secret<const N: usize>() -> Result<Zeroizing<[u8; N]>, RandomnessUnavailable> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| RandomnessUnavailable)?;
    Ok(bytes)
}
