//! Which terms of a rule a penalty leaves.

/// Below this |θ_r| a term counts as gone: a tenth of the smallest coefficient that the
/// three-term rule arrives at (θ_9 of about 0.005), and half a step of Adam's.
pub(crate) const GONE: f64 = 5e-4;

/// How many of a rule's coefficients are large enough to count.
pub(crate) fn terms_kept(theta: &[f64]) -> usize {
    theta.iter().filter(|theta| theta.abs() >= GONE).count()
}
