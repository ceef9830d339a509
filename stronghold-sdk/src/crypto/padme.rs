//! Padding that hides how long a plaintext is, at a cost of at most 12 %.
//!
//! PADMÉ of "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs" (Nikitin, Barman, Lueks,
//! Underwood, Hubaux and Ford, `PoPETs` 2019, section 4): lengths are rounded up to floating-point numbers whose
//! mantissa has no more bits than their exponent, so a length of `L` leaks O(log log L) bits.

/// The padded length of `length` bytes.
///
/// ```text
/// E = floor(log2 L);  S = floor(log2 E) + 1;  mask = 2^(E - S) - 1;  (L + mask) & !mask
/// ```
/// Lengths below 2 are their own; where the sum would not fit it is the length itself.
#[must_use]
pub const fn padded_length(length: usize) -> usize {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    // E >= 1, so its logarithm exists; S <= E for every E >= 1 but 1 itself, where nothing is rounded.
    let mantissa_bits = exponent.ilog2() + 1;
    let mask = (1 << exponent.saturating_sub(mantissa_bits)) - 1;
    match length.checked_add(mask) {
        Some(sum) => sum & !mask,
        None => length,
    }
}
