//! How a network does at any time, seen on the query images.

use autodiff::{Plastic, Tape};
use model::{Feedback, Network, Trace};
use ndarray::Array2;

use crate::{Batch, measures};

/// A network's state as the query images show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The mean cross-entropy.
    pub cross_entropy: f64,
    /// The share of images classified right.
    pub accuracy: f64,
    /// α_0..α_L in degrees, see [`Outcome::angles`](crate::Outcome::angles).
    pub angles: Vec<f64>,
}

impl Probe {
    /// Looks at the images `query` with the weights `w` (W_1..W_L) and the feedback
    /// pathway's matrices `b`.
    ///
    /// # Panics
    /// If something does not fit the network.
    pub fn new(
        network: &Network,
        feedback: Feedback,
        (w, b): (&[Array2<f64>], &[Array2<f64>]),
        query: &Batch<f64>,
    ) -> Probe {
        let mut tape = Tape::new();
        let mut fixed = |list: &[Array2<f64>]| -> Vec<Plastic> {
            list.iter().map(|m| tape.fixed(m.view())).collect()
        };
        let (w, b) = (fixed(w), fixed(b));
        let images = query.labels.len();
        let (pixels, outputs) = (network.sizes[0], network.sizes[network.layers()]);
        let x = tape.constant(autodiff::Shape::matrix(images, pixels), &query.x);
        let shape = autodiff::Shape::matrix(images, outputs);
        let one_hot = |i: usize| f64::from(query.labels[i / outputs] == i % outputs);
        let target = tape.constant_with(shape, one_hot);
        let mut trace = Trace::default();
        network.forward(&mut tape, &w, x, &mut trace);
        let logits = trace.z[network.layers() - 1];
        let cross_entropy = tape.cross_entropy(logits, target);
        Probe {
            cross_entropy: tape.scalar(cross_entropy),
            accuracy: measures::accuracy(tape.value(logits), &query.labels),
            angles: measures::angles(&mut tape, network, feedback, (&w, &b), target, &mut trace),
        }
    }
}
