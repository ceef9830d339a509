//! Starting from genuine inputs.

use std::sync::OnceLock;

type Samples = fn() -> Vec<Vec<u8>>;

/// A process runs one target, so one set is enough.
static SAMPLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();

/// Shorter inputs than this say nothing: a sample takes their place.
const SHORT: usize = 8;

/// Asserts that every sample is accepted: otherwise the target would only ever see refusals.
pub fn assert_accepted(samples: Samples, check: fn(&[u8]) -> bool) {
    for (index, sample) in SAMPLES.get_or_init(samples).iter().enumerate() {
        assert!(check(sample), "sample {index} is refused: {}", String::from_utf8_lossy(sample));
    }
}

/// A mutation of what is in `data`, or once in a while of a sample.
pub fn mutate(samples: Samples, data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let samples = SAMPLES.get_or_init(samples);
    let sample = samples.get(seed as usize % samples.len().max(1)).filter(|sample| sample.len() <= max_size);
    let start = match sample {
        Some(sample) if size < SHORT || (seed >> 16).is_multiple_of(16) => {
            data[..sample.len()].copy_from_slice(sample);
            sample.len()
        }
        _ => size,
    };
    libfuzzer_sys::fuzzer_mutate(data, start, max_size)
}
