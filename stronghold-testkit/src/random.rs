//! Words and bytes that occur nowhere else.

/// `length` random bytes.
#[must_use]
pub fn random_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// `length` random characters of `A-Z` and `2-7`, a letter first: a name that every format can hold.
#[must_use]
pub fn random_word(length: usize) -> String {
    let word = data_encoding::BASE32_NOPAD.encode(&random_bytes(length));
    format!("S{}", &word[..length.saturating_sub(1)])
}
