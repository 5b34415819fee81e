//! Structural zeros: where a vector is zero whatever the variables are.
//!
//! Two thirds of the pixels of a hand-written character are 0, and so is everything
//! that is multiplied by them. A value that carries a support lives in the subspace
//! of the support's coordinates: it is zero outside, and so is the part of its
//! adjoint that matters. Products with a plastic matrix then touch only those rows.

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

/// A vector with more than this share of non-zeros gains nothing from a support.
const WORTHWHILE: f64 = 0.75;

impl Supports {
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.lists.clear();
        self.bits.clear();
    }

    /// The support of a constant vector, dense if it has few zeros.
    pub(crate) fn of_constant<T: crate::Real>(&mut self, values: &[T]) -> Support {
        let (start, first_word) = (self.lists.len(), self.bits.len());
        self.lists.resize(start + values.len(), 0);
        let list = &mut self.lists[start..];
        let mut count = 0;
        for (word, values) in values.chunks(u64::BITS as usize).enumerate() {
            let mut bits = 0;
            for (bit, value) in values.iter().enumerate() {
                // Written in any case and kept if counted: cheaper than a branch that
                // nobody can predict.
                list[count] = (word * u64::BITS as usize + bit) as u32;
                let non_zero = *value != T::ZERO;
                count += usize::from(non_zero);
                bits |= u64::from(non_zero) << bit;
            }
            self.bits.push(bits);
        }
        if count as f64 > WORTHWHILE * values.len() as f64 {
            self.lists.truncate(start);
            self.bits.truncate(first_word);
            return Support::DENSE;
        }
        self.lists.truncate(start + count);
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
