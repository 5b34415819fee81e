//! The paper's claims C1 to C12 (PAPER.md), each with its criterion and how it is
//! computed. "At the end" is the last sixth of the episodes, 100 of the paper's 600.

mod accuracy;
mod angles;
mod coefficients;
mod digits;

use crate::verdict::Claim;

/// All claims.
pub const CLAIMS: [&Claim; 12] = [
    &accuracy::C1,
    &coefficients::C2,
    &angles::C3,
    &accuracy::C4,
    &coefficients::C5,
    &accuracy::C6,
    &angles::C7,
    &angles::C8,
    &angles::C9,
    &angles::C10,
    &digits::C11,
    &digits::C12,
];
