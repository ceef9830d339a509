//! The memory of a running process.

use crate::{Finding, Needles};
use std::{collections::BTreeSet, fs, fs::File, os::unix::fs::FileExt};

/// How much is read at once.
const PIECE: usize = 4 * 1024 * 1024;

/// Looks into every readable page of a process. Returns how many bytes were looked at.
pub fn scan(id: u32, needles: &mut Needles, findings: &mut BTreeSet<Finding>) -> usize {
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).expect("the process runs");
    let memory = File::open(format!("/proc/{id}/mem")).expect("its memory may be read by whoever started it");
    let overlap = needles.longest();
    let mut seen = 0;
    for line in maps.lines() {
        let Some((from, to)) = readable(line) else { continue };
        let place = format!("memory of process {id}: {line}");
        let mut at = from;
        while at < to {
            let length = usize::try_from(to - at).expect("a page fits").min(PIECE + overlap);
            let mut piece = vec![0; length];
            // A page may be given back, or be a device's, which cannot be read.
            let Ok(count) = memory.read_at(&mut piece, at) else { break };
            if count == 0 {
                break;
            }
            needles.scan(&place, &piece[..count], findings);
            seen += count;
            at += count.min(PIECE) as u64;
        }
    }
    seen
}

/// From and to of a line of `/proc/PID/maps`, where the pages may be read.
fn readable(line: &str) -> Option<(u64, u64)> {
    let mut parts = line.split_whitespace();
    let (from, to) = parts.next()?.split_once('-')?;
    let readable = parts.next()?.starts_with('r') && !line.contains("[v");
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    readable.then_some((number(from)?, number(to)?))
}
