//! Which vector instructions the running processor offers, and how to use them.
//!
//! This module holds the only `unsafe` code of the workspace.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};

use crate::Fused;

/// A family of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Whatever the compilation target guarantees, with the fused multiply-add in
    /// software where that is not among it.
    Portable = 1,
    /// WebAssembly's vectors of 128 bits, for which the module must be compiled.
    Simd128 = 2,
    /// ARM's vectors of 128 bits with fused multiply-add, which every 64-bit ARM has.
    Neon = 3,
    /// AVX2 with fused multiply-add.
    Avx2 = 4,
    /// AVX-512 (foundation, vector length, double/quad word, byte/word).
    Avx512 = 5,
}

impl Level {
    /// Those that processors of the target's architecture may have, from low to high.
    pub const ALL: &[Level] = if cfg!(target_arch = "x86_64") {
        &[Level::Portable, Level::Avx2, Level::Avx512]
    } else if cfg!(target_arch = "aarch64") {
        &[Level::Portable, Level::Neon]
    } else if cfg!(target_feature = "simd128") {
        &[Level::Portable, Level::Simd128]
    } else {
        &[Level::Portable]
    };

    /// The name as users write it: "portable", "simd128", "neon", "avx2" or "avx512".
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Simd128 => "simd128",
            Level::Neon => "neon",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// The level of a name, if processors of this architecture may have it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.name() == name)
    }

    /// Whether the running processor has it.
    fn is_supported(self) -> bool {
        match self {
            Level::Portable => true,
            Level::Simd128 | Level::Neon => Self::ALL.contains(&self),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                Level::Avx2.is_supported()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => false,
        }
    }

    /// The highest that the running processor has, up to this one.
    fn lowered(self) -> Self {
        let mut up_to_this = Self::ALL.iter().rev().filter(|level| **level <= self);
        *up_to_this
            .find(|level| level.is_supported())
            .unwrap_or(&Level::Portable)
    }
}

/// 0 stands for "not looked at yet"; otherwise a `Level` as a number.
static LEVEL: AtomicU8 = AtomicU8::new(0);

/// The level in use: the best the processor supports, or a lower one set by
/// [`force_level`].
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        1 => Level::Portable,
        2 => Level::Simd128,
        3 => Level::Neon,
        4 => Level::Avx2,
        5 => Level::Avx512,
        _ => force_level(Level::Avx512),
    }
}

/// Uses at most `wanted` from now on, in the whole process, and returns what is
/// used: a level the processor lacks is lowered to one it has. For tests, and for
/// measuring what a level is worth.
pub fn force_level(wanted: Level) -> Level {
    let used = wanted.lowered();
    LEVEL.store(used as u8, Ordering::Relaxed);
    used
}

/// Runs `work` compiled for the level in use, and tells it how to fuse products and sums
/// there. The bits are the same at every level.
///
/// `work` and all it calls must be inlined (`#[inline(always)]`) to profit; what is
/// not inlined runs as compiled for the target.
#[inline(always)]
pub fn dispatch<R>(work: impl FnOnce(Fused) -> R) -> R {
    match level() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `level` is never above what `is_supported` found, which asks the
        // processor for each of the features that `avx512` enables.
        Level::Avx512 => unsafe { avx512(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above, for the features that `avx2` enables.
        Level::Avx2 => unsafe { avx2(work) },
        #[cfg(target_arch = "aarch64")]
        Level::Neon => work(Fused::Hardware),
        _ => work(Fused::PORTABLE),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
#[inline]
unsafe fn avx512<R>(work: impl FnOnce(Fused) -> R) -> R {
    work(Fused::Hardware)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn avx2<R>(work: impl FnOnce(Fused) -> R) -> R {
    work(Fused::Hardware)
}
