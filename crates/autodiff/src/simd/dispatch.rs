//! Which vector instructions the running processor offers, and how to use them.
//!
//! This module holds the only `unsafe` code of the workspace.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};

/// A family of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Whatever the compilation target guarantees. Without fused multiply-add in
    /// hardware this is slow, and gives the same numbers as the others.
    Portable = 1,
    /// AVX2 with fused multiply-add.
    Avx2 = 2,
    /// AVX-512 (foundation, vector length, double/quad word, byte/word).
    Avx512 = 3,
}

impl Level {
    /// All of them.
    pub const ALL: [Level; 3] = [Level::Portable, Level::Avx2, Level::Avx512];

    /// The name as users write it: "portable", "avx2" or "avx512".
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// The level of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// 0 stands for "not looked at yet"; otherwise a `Level` as a number.
static LEVEL: AtomicU8 = AtomicU8::new(0);

/// The best level the running processor supports.
fn detect() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw");
        if avx2 && avx512 {
            return Level::Avx512;
        }
        if avx2 {
            return Level::Avx2;
        }
    }
    Level::Portable
}

/// The level in use: the best the processor supports, or a lower one set by
/// [`force_level`].
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        1 => Level::Portable,
        2 => Level::Avx2,
        3 => Level::Avx512,
        _ => {
            let found = detect();
            LEVEL.store(found as u8, Ordering::Relaxed);
            found
        }
    }
}

/// Uses at most `wanted` from now on, in the whole process, and returns what is
/// used: a level the processor lacks is lowered to one it has. For tests, and for
/// measuring what a level is worth.
pub fn force_level(wanted: Level) -> Level {
    let used = wanted.min(detect());
    LEVEL.store(used as u8, Ordering::Relaxed);
    used
}

/// Runs `work` compiled for the level in use.
///
/// `work` and all it calls must be inlined (`#[inline(always)]`) to profit; what is
/// not inlined runs as compiled for the target.
#[inline(always)]
pub fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    match level() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `level` is never above what `detect` found, and `detect` asks the
        // processor for each of the features that `avx512` enables.
        Level::Avx512 => unsafe { avx512(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above, for the features that `avx2` enables.
        Level::Avx2 => unsafe { avx2(work) },
        _ => work(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
#[inline]
unsafe fn avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
