//! The paper's claims C1 to C16 (PAPER.md), each with its criterion and how it is
//! computed.
//!
//! "At the end" is the last sixth of the episodes, 100 of the paper's 600. "Surely" is
//! said of the whole 98 % interval, and "within" too. Differences are taken trial by
//! trial. Criteria are fixed before the runs that they judge.

mod accuracy;
mod angles;
mod coefficients;
mod digits;
mod weights;

use crate::verdict::{CONVERGED, Claim};

pub(crate) use angles::hidden;
pub(crate) use coefficients::ONE_STEP;

/// All claims.
pub const CLAIMS: [&Claim; 16] = [
    &accuracy::C1,
    &coefficients::C2,
    &angles::C3,
    &accuracy::C4,
    &coefficients::C5,
    &accuracy::C6,
    &angles::C7,
    &angles::C8,
    &weights::C9,
    &angles::C10,
    &digits::C11,
    &digits::C12,
    &weights::C13,
    &accuracy::C14,
    &accuracy::C15,
    &accuracy::C16,
];

/// What most claims have in common; each says the rest.
pub(crate) const CLAIM: Claim = Claim {
    id: "",
    figure: "",
    targets: &[],
    statement: "",
    paper: "",
    criterion: "",
    episodes: CONVERGED,
    of_real_data: false,
    any: false,
    judge: |_| None,
};
