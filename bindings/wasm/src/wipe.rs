//! Wiping what wiping values cannot reach.
//!
//! A type that wipes itself wipes where it is, not where it was moved from: compiled code copies values between stack and heap
//! without leave, and `wasm-bindgen` hands texts over in buffers of its own. JavaScript can read all of that memory, for as long
//! as the module lives. So every freed block is overwritten, and closing overwrites the stack that earlier calls used.

use std::alloc::System;
use zeroize::Zeroize;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// A quarter of the stack: three times what the deepest call was seen to use.
const DEPTH: usize = 256 * 1024;

/// Overwrites the stack below the caller.
#[inline(never)]
pub(crate) fn wipe_stack() {
    let mut below = [0_u8; DEPTH];
    below.zeroize();
    std::hint::black_box(&below);
}
