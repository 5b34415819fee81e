//! How the meta-loss answers to a change of one coefficient, beside what its gradient
//! promises.

use autodiff::Tape;

use meta::{Episode, Setting};

/// L_meta at θ_r + δ for several δ, all else unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// δ, evenly spaced, 0 in the middle.
    pub delta: Vec<f64>,
    /// L_meta there; not finite where learning diverged.
    pub loss: Vec<f64>,
}

/// Points on each side of δ = 0.
const SIDE: usize = 10;

impl Response {
    /// Re-runs `episode` from `setting` with θ_r changed, over a range in which the
    /// gradient's line `gradient`·δ begins to fail: the largest departure from it is
    /// about as large as what it promises.
    ///
    /// # Panics
    /// As [`Episode::record`].
    pub fn measure(
        episode: &mut Episode,
        setting: &Setting<f64>,
        r: usize,
        gradient: f64,
    ) -> Response {
        let mut tape = Tape::new();
        let mut moved = setting.clone();
        let mut loss_at = |delta: f64| {
            moved.theta[r] = setting.theta[r] + delta;
            let recorded = episode.record(&mut tape, &moved);
            tape.scalar(recorded.meta_loss)
        };
        let start = loss_at(0.0);
        let mut departs = |span: f64| {
            let mut off = |delta: f64| {
                let off = (loss_at(delta) - start - gradient * delta).abs();
                // What diverged has departed.
                if off.is_finite() { off } else { f64::INFINITY }
            };
            let largest = off(span).max(off(-span));
            largest > 0.5 * (gradient * span).abs()
        };
        let span = widest(&mut departs, first_guess(setting.theta[r], gradient));
        let delta: Vec<f64> = (0..=2 * SIDE)
            .map(|i| span * (i as f64 - SIDE as f64) / SIDE as f64)
            .collect();
        let loss = delta.iter().map(|delta| loss_at(*delta)).collect();
        Response { delta, loss }
    }
}

/// A change by which the loss should move by about 0.1.
fn first_guess(theta: f64, gradient: f64) -> f64 {
    let span = 0.1 / gradient.abs();
    if span.is_finite() {
        span.min(10.0)
    } else {
        theta.abs().max(1e-3)
    }
}

/// The smallest span, in powers of two of `span`, at which the line has failed.
fn widest(departs: &mut impl FnMut(f64) -> bool, mut span: f64) -> f64 {
    const MOST: usize = 12;
    if departs(span) {
        for _ in 0..MOST {
            if !departs(span / 2.0) {
                break;
            }
            span /= 2.0;
        }
    } else {
        for _ in 0..MOST {
            span *= 2.0;
            if departs(span) {
                break;
            }
        }
    }
    span
}
