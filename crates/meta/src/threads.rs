use std::sync::Arc;

use crate::SettingsError;

/// Worker threads, shared by all that runs side by side. How many there are never changes
/// a result. What a thread has freed it uses again, so that one set of threads for a whole
/// process keeps memory low.
#[derive(Clone, Debug)]
pub struct Threads(Arc<rayon::ThreadPool>);

impl Threads {
    /// Starts `count` threads, or as many as there are cores if it is 0.
    ///
    /// # Errors
    /// If they cannot be started.
    pub fn new(count: usize) -> Result<Self, SettingsError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
        pool.map(|pool| Threads(Arc::new(pool)))
            .map_err(|error| SettingsError::Threads {
                threads: count,
                reason: error.to_string(),
            })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs `f` with parallel iterators spread over these threads.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        self.0.install(f)
    }

    /// Runs `work` in each thread, and meanwhile `f` in the calling one, which must not be
    /// one of them; returns once all have ended.
    pub(crate) fn beside(&self, work: impl Fn() + Sync, f: impl FnOnce()) {
        assert!(
            self.0.current_thread_index().is_none(),
            "a thread cannot wait for what it is to do itself"
        );
        self.0.in_place_scope(|scope| {
            for _ in 0..self.count() {
                scope.spawn(|_| work());
            }
            f();
        });
    }

    /// Runs `f` in each thread with the thread's number, and returns what it gave.
    pub(crate) fn each<R: Send>(&self, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
        self.0.broadcast(|thread| f(thread.index()))
    }
}
