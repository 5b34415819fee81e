//! Structural zeros: where a vector is zero whatever the variables are.
//!
//! Two thirds of the pixels of a hand-written character are 0, and so is everything
//! that is multiplied by them. A value that carries a support is zero outside of it:
//! [`Supports::settle`] sees to that wherever a value is made. So what flows further back
//! from it needs its adjoint on those coordinates only, and products with a plastic
//! matrix touch only those columns. The adjoint itself is computed in full where
//! somebody asks for it.

use lanes::{self, dispatch};

use crate::Real;

/// Which support a value has, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Support(Option<u32>);

impl Support {
    /// Any coordinate may be non-zero.
    pub(crate) const DENSE: Support = Support(None);

    pub(crate) fn is_dense(self) -> bool {
        self.0.is_none()
    }
}

/// Where a vector may be non-zero, in two forms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sparse<'a> {
    /// The coordinates, in increasing order.
    pub(crate) list: &'a [u32],
    /// One bit for each coordinate of the vector, sixty-four to a word.
    pub(crate) bits: &'a [u64],
}

impl Sparse<'_> {
    /// Whether coordinate `j` may be non-zero.
    fn has(&self, j: usize) -> bool {
        self.bits[j / u64::BITS as usize] >> (j % u64::BITS as usize) & 1 == 1
    }
}

/// Coordinates a vector may be non-zero in; `None` stands for all.
pub(crate) type Coordinates<'a> = Option<Sparse<'a>>;

/// How many words hold the bits of a vector of `n`.
pub(crate) const fn words_for(n: usize) -> usize {
    n.div_ceil(u64::BITS as usize)
}

/// The supports of one tape.
#[derive(Debug, Default)]
pub(crate) struct Supports {
    found: Vec<Found>,
    lists: Vec<u32>,
    bits: Vec<u64>,
}

/// Where a support's coordinates start and end in the lists and in the bits.
#[derive(Debug)]
struct Found {
    list: (usize, usize),
    bits: (usize, usize),
}

/// Sets to zero what is not on the coordinates, if it can be anything else.
fn settle_on<T: Real>(on: Sparse<'_>, value: &mut [T]) {
    let finite = dispatch(
        #[inline(always)]
        |_| lanes::all_finite(value),
    );
    if !finite {
        for (j, x) in value.iter_mut().enumerate() {
            if !on.has(j) {
                *x = T::ZERO;
            }
        }
    }
}

/// One bit for each of at most sixty-four numbers: whether it is not zero.
fn non_zeros<T: Real>(values: &[T]) -> u64 {
    dispatch(
        #[inline(always)]
        |_| {
            let mut bytes = [0_u8; u64::BITS as usize];
            for (byte, x) in bytes.iter_mut().zip(values) {
                *byte = u8::from(*x != T::ZERO);
            }
            // The product brings the low bits of eight bytes together in the highest byte.
            let (eights, _) = bytes.as_chunks::<8>();
            let bits = eights
                .iter()
                .map(|bytes| u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56);
            bits.rev().fold(0, |all, bits| all << 8 | bits)
        },
    )
}

/// Writes which bits are set behind `list`, in increasing order.
pub(crate) fn list_bits(words: &[u64], list: &mut Vec<u32>) {
    for (word, &bits) in words.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            list.push(word as u32 * u64::BITS + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
}

/// A vector with more than this share of non-zeros gains nothing from a support.
const WORTHWHILE: f64 = 0.75;

impl Supports {
    /// How many supports there are.
    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    /// Forgets all but the first `count` supports.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.found.truncate(count);
        let (list, bits) = self.found.last().map_or((0, 0), |f| (f.list.1, f.bits.1));
        self.lists.truncate(list);
        self.bits.truncate(bits);
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.found[..]) + size_of_val(&self.lists[..]) + size_of_val(&self.bits[..])
    }

    /// Makes a new value zero outside of its support. Products with a zero are zero
    /// anyway, unless the other factor is infinite or no number: 0·∞ counts as 0 here.
    #[inline]
    pub(crate) fn settle<T: Real>(&self, support: Support, value: &mut [T]) {
        if let Some(on) = self.coordinates(support) {
            settle_on(on, value);
        }
        self.assert_settled(support, value);
    }

    /// In debug builds: that a value is zero outside of its support.
    #[inline]
    pub(crate) fn assert_settled<T: Real>(&self, support: Support, value: &[T]) {
        if cfg!(debug_assertions)
            && let Some(on) = self.coordinates(support)
        {
            let mut numbers = value.iter().enumerate();
            assert!(
                numbers.all(|(j, x)| *x == T::ZERO || on.has(j)),
                "a value is zero outside of its support"
            );
        }
    }

    /// The support of a constant vector, dense if it has few zeros.
    pub(crate) fn of_constant<T: Real>(&mut self, values: &[T]) -> Support {
        let (start, first_word) = (self.lists.len(), self.bits.len());
        let words = values.chunks(u64::BITS as usize).map(non_zeros);
        self.bits.extend(words);
        let words = &self.bits[first_word..];
        let count: usize = words.iter().map(|bits| bits.count_ones() as usize).sum();
        if count as f64 > WORTHWHILE * values.len() as f64 {
            self.bits.truncate(first_word);
            return Support::DENSE;
        }
        list_bits(words, &mut self.lists);
        self.found.push(Found {
            list: (start, start + count),
            bits: (first_word, self.bits.len()),
        });
        Support(Some((self.found.len() - 1) as u32))
    }

    /// The coordinates of a support.
    pub(crate) fn coordinates(&self, support: Support) -> Coordinates<'_> {
        let found = &self.found[support.0? as usize];
        Some(Sparse {
            list: &self.lists[found.list.0..found.list.1],
            bits: &self.bits[found.bits.0..found.bits.1],
        })
    }
}
