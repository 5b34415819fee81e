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

/// The supports of one tape.
#[derive(Debug, Default)]
pub(crate) struct Supports {
    /// Per support, where its coordinates start and end in `coordinates`.
    ranges: Vec<(usize, usize)>,
    coordinates: Vec<u32>,
}

/// A vector with more than this share of non-zeros gains nothing from a support.
const WORTHWHILE: f64 = 0.75;

impl Supports {
    pub(crate) fn clear(&mut self) {
        self.ranges.clear();
        self.coordinates.clear();
    }

    /// The support of a constant vector, dense if it has few zeros.
    pub(crate) fn of_constant<T: crate::Real>(&mut self, values: &[T]) -> Support {
        let start = self.coordinates.len();
        for (j, value) in values.iter().enumerate() {
            if *value != T::ZERO {
                // Shapes are checked against u32 when a value is pushed.
                self.coordinates.push(j as u32);
            }
        }
        let found = self.coordinates.len() - start;
        if found as f64 > WORTHWHILE * values.len() as f64 {
            self.coordinates.truncate(start);
            return Support::DENSE;
        }
        self.ranges.push((start, self.coordinates.len()));
        Support(Some((self.ranges.len() - 1) as u32))
    }

    /// The coordinates of a support in increasing order; `None` stands for all.
    pub(crate) fn coordinates(&self, support: Support) -> Option<&[u32]> {
        let (start, end) = self.ranges[support.0? as usize];
        Some(&self.coordinates[start..end])
    }
}
