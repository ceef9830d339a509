//! Numbers modulo the order of Ed25519's base point, for signatures that only a laxer rule than ours takes.

use sha2::{Digest, Sha512};

pub(super) fn decoded(hex: &str) -> [u8; 32] {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap()
}

/// The clamped scalar and the prefix of a seed (RFC 8032, section 5.1.5).
pub(super) fn expanded(seed: u8) -> (Number, [u8; 32]) {
    let hash: [u8; 64] = Sha512::digest([seed; 32]).into();
    let (mut low, high) = (hash, &hash[32..]);
    low[0] &= 248;
    low[31] = (low[31] & 127) | 64;
    (reduced(&low[..32]), high.try_into().unwrap())
}

/// A number below 2^256: four words, the lowest first.
pub(super) type Number = [u64; 4];

/// The order of the base point: 2^252 + 27742317777372353535851937790883648493.
const ORDER: Number = [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 0x1000_0000_0000_0000];

pub(super) fn scalar(bytes: &[u8]) -> Number {
    let mut padded = [0; 32];
    padded[..bytes.len()].copy_from_slice(bytes);
    std::array::from_fn(|word| u64::from_le_bytes(padded[word * 8..word * 8 + 8].try_into().unwrap()))
}

pub(super) fn join(r: &[u8], s: &Number) -> [u8; 64] {
    [r, &s.map(u64::to_le_bytes).concat()].concat().try_into().unwrap()
}

/// Never more than 2^256 here.
pub(super) fn plus_order(number: &Number) -> Number {
    let mut carry = 0;
    std::array::from_fn(|word| {
        let sum = u128::from(number[word]) + u128::from(ORDER[word]) + carry;
        carry = sum >> 64;
        sum as u64
    })
}

fn less_order(number: &Number) -> Number {
    if number.iter().rev().lt(ORDER.iter().rev()) {
        return *number;
    }
    let mut borrow = false;
    std::array::from_fn(|word| {
        let (less, first) = number[word].overflowing_sub(ORDER[word]);
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        borrow = first || second;
        less
    })
}

/// Sum of two numbers below the order, modulo it.
pub(super) fn added(a: &Number, b: &Number) -> Number {
    let mut carry = 0;
    let sum = std::array::from_fn(|word| {
        let sum = u128::from(a[word]) + u128::from(b[word]) + carry;
        carry = sum >> 64;
        sum as u64
    });
    less_order(&sum)
}

/// A number of any length, lowest byte first, modulo the order.
pub(super) fn reduced(bytes: &[u8]) -> Number {
    let bits = bytes.iter().rev().flat_map(|byte| (0..8).rev().map(move |bit| u64::from(byte >> bit & 1)));
    bits.fold([0; 4], |sum, bit| added(&added(&sum, &sum), &[bit, 0, 0, 0]))
}

pub(super) fn multiplied(a: &Number, b: &Number) -> Number {
    let bits = b.iter().rev().flat_map(|word| (0..64).rev().map(move |bit| word >> bit & 1));
    bits.fold([0; 4], |sum, bit| {
        let twice = added(&sum, &sum);
        if bit == 1 { added(&twice, a) } else { twice }
    })
}
