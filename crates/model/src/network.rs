use autodiff::{Plastic, Real, Tape, Var};
use serde::{Deserialize, Serialize};

use crate::{Activation, Pathway};

/// A feed-forward network without biases: layer sizes n_0..n_L and the activation of
/// the hidden layers. The output layer is a softmax.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// n_0 (inputs), n_1, …, n_L (outputs).
    pub sizes: Vec<usize>,
    /// σ of the hidden layers.
    #[serde(flatten)]
    pub activation: Activation,
}

impl Default for Network {
    /// The paper's network: 784-170-130-100-70-47, softplus with β = 10.
    fn default() -> Self {
        Network {
            sizes: vec![784, 170, 130, 100, 70, 47],
            activation: Activation::default(),
        }
    }
}

/// What a network computed for an image, or for a batch of images in rows.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// z_1..z_L: `z[l]` is z_{l+1}.
    pub z: Vec<Var>,
    /// y_0..y_L.
    pub y: Vec<Var>,
    /// e_0..e_L, as far as they were asked for.
    pub e: Vec<Option<Var>>,
    /// What came back to the layers 0..L−1 before the slope there was multiplied to it:
    /// B_{l+1}ᵀ e_{l+1}, so that e_l is `carried[l]` ⊙ σ'(z_l). None where e_l was not asked
    /// for, or computed at once.
    pub carried: Vec<Option<Var>>,
    /// This image's cross-entropy, where a term asks for it.
    pub loss: Option<Var>,
    /// 1 if its largest output is its label, else 0, where a term asks for it.
    pub right: Option<Var>,
}

impl Network {
    /// L, the number of layers of synapses.
    pub fn layers(&self) -> usize {
        self.sizes.len() - 1
    }

    /// The shapes (n_l, n_{l−1}) of W_1..W_L.
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        self.sizes.windows(2).map(|n| (n[1], n[0])).collect()
    }

    /// How many synapses there are.
    pub fn weights(&self) -> usize {
        self.shapes().iter().map(|(post, pre)| post * pre).sum()
    }

    /// The bound of Xavier's uniform distribution for a matrix: √(6/(n_in + n_out)).
    pub fn xavier_bound((post, pre): (usize, usize)) -> f64 {
        (6.0 / (post + pre) as f64).sqrt()
    }

    /// z_l = W_l y_{l−1}, y_l = σ(z_l), y_L = softmax(z_L) (PAPER Eqs. 1, 2) for `x`,
    /// one image or one a row. `w` holds W_1..W_L.
    ///
    /// # Panics
    /// If `w` or `x` do not fit the sizes.
    pub fn forward<T: Real>(&self, tape: &mut Tape<T>, w: &[Plastic], x: Var, trace: &mut Trace) {
        trace.z.clear();
        trace.y.clear();
        trace.y.push(x);
        let mut y = x;
        for (l, w) in w.iter().enumerate() {
            let z = tape.matvec(w, y);
            y = if l + 1 == self.layers() {
                tape.softmax(z)
            } else {
                self.activation.apply(tape, z)
            };
            trace.z.push(z);
            trace.y.push(y);
        }
        trace.e.clear();
        trace.e.resize(self.layers() + 1, None);
        trace.carried.clear();
        trace.carried.resize(self.layers(), None);
        (trace.loss, trace.right) = (None, None);
    }

    /// e_L = y_L − target (the slope of the cross-entropy in z_L) and, by the feedback
    /// pathway, e_l for l = L−1 down to `lowest` (PAPER Eqs. 3, 24). `target` is one-hot,
    /// a row an image.
    ///
    /// # Panics
    /// If the pathway does not fit the network, or `trace` is not of a forward pass.
    pub fn feed_back<T: Real>(
        &self,
        tape: &mut Tape<T>,
        pathway: &Pathway<'_>,
        target: Var,
        lowest: usize,
        trace: &mut Trace,
    ) {
        let last = self.layers();
        let output = tape.sub(trace.y[last], target);
        trace.e[last] = Some(output);
        let mut above = output;
        for l in (lowest..last).rev() {
            let y = trace.y[l];
            let errors = (above, output);
            let at_once = match self.activation {
                // What reaches the pixels need not be kept beside what is made of it.
                Activation::Softplus { beta } if l == 0 => {
                    pathway.carry_gated(tape, l, errors, (y, beta))
                }
                _ => None,
            };
            above = at_once.unwrap_or_else(|| {
                let on = self.activation.is_shut_at_zero().then_some(y);
                let carried = pathway.carry(tape, l, errors, on);
                trace.carried[l] = Some(carried);
                self.activation.gate(tape, carried, y)
            });
            trace.e[l] = Some(above);
        }
    }
}
