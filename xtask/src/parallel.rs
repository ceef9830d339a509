//! The same work for many items, on some threads.

use crate::run::Failed;
use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// How many threads this machine runs at the same time.
pub(crate) fn jobs() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Does two things at the same time. Both are done when it ends, and the first failure is told.
pub(crate) fn both(
    aside: impl FnOnce() -> Result<(), Failed> + Send,
    here: impl FnOnce() -> Result<(), Failed>,
) -> Result<(), Failed> {
    thread::scope(|scope| {
        let aside = scope.spawn(aside);
        let here = here();
        let aside = aside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        here.and(aside)
    })
}

/// Does something with every item, on some threads, and keeps the order. The first failure ends it.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, Failed> + Sync,
) -> Result<Vec<R>, Failed> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { return };
                    let result = work(number, item);
                    if result.is_err() {
                        next.store(items.len(), Ordering::Relaxed);
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
