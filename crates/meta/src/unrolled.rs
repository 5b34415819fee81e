//! An episode taken apart: what every step and layer contributes to the meta-gradient.
//!
//! The coefficients θ_r act at every step t and layer l. If each of these places had a
//! coefficient of its own, the chain rule would give
//!
//! dL_meta/dθ_r = Σ_t Σ_l ∂L_meta/∂θ_r(t, l) = Σ_t Σ_l ⟨Λ_l(t), F^r_l(t)⟩
//!
//! (from PAPER Eqs. 5, 6), where Λ_l(t) = dL_meta/dW_l just after step t. Here each has
//! one: the episode is recorded with a copy of every coefficient for every step and
//! layer, and one sweep back differentiates by all of them.

use autodiff::{Tape, Var};
use model::{Feedback, Network, Rule, Scalar, Trace};
use ndarray::{Array2, Array3};

use crate::{Episode, Penalty, Setting, Step, measures};

/// An episode taken apart.
#[derive(Clone, Debug)]
pub struct Unrolled {
    /// ∂L_meta/∂θ_r(t, l), steps × layers × terms; 0 where a term does not act. The
    /// penalty λ‖Θ‖₁ has no part in it.
    pub contributions: Array3<f64>,
    /// What was there at each step.
    pub moments: Vec<Moment>,
    /// For each layer, y_{l−1} (images × n_{l−1}) and dL/dz_l (images × n_l) of the
    /// query images, so that Λ_l after the last step is dL/dz_lᵀ y_{l−1}.
    pub query: Vec<(Array2<f64>, Array2<f64>)>,
    /// The mean cross-entropy over the query images.
    pub cross_entropy: f64,
    /// The share of query images classified right.
    pub accuracy: f64,
}

/// The vectors of one step, and the loss's derivatives by them. Layers count from 1
/// in the paper; lists over W_1..W_L start with layer 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The label of the image.
    pub label: usize,
    /// y_0..y_L.
    pub y: Vec<Vec<f64>>,
    /// e_0..e_L, as far as the rule needs them.
    pub e: Vec<Option<Vec<f64>>>,
    /// z_1..z_L.
    pub z: Vec<Vec<f64>>,
    /// v_l = W_lᵀ y_l, as far as the rule needs them.
    pub v: Vec<Option<Vec<f64>>>,
    /// dL/dz_1..dL/dz_L.
    pub dz: Vec<Vec<f64>>,
    /// dL/dv_l, where there is a v_l.
    pub dv: Vec<Option<Vec<f64>>>,
    /// dL/d(W_lᵀ e_l), where derivatives flow through W on the error's way back.
    pub du: Vec<Option<Vec<f64>>>,
    /// ‖ΔW_1‖..‖ΔW_L‖, root of the sum of squares over all synapses of a layer.
    pub change: Vec<f64>,
}

impl Moment {
    /// The number that `which` stands for in layer `l` (from 0).
    ///
    /// # Panics
    /// If the rule did not need what it is made of.
    pub fn scalar(&self, l: usize, which: Scalar) -> f64 {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
        let needed = |x: &Option<Vec<f64>>| x.clone().expect("the rule needs it");
        match which {
            Scalar::SumPost => self.y[l + 1].iter().sum(),
            Scalar::BackActivityDotPreError => dot(&needed(&self.v[l]), &needed(&self.e[l])),
            Scalar::InputDotError => dot(&self.z[l], &needed(&self.e[l + 1])),
        }
    }

    /// The outer products post ⊗ pre that this step adds to Λ_l on the way back
    /// (layer `l` from 0): dL/dz ⊗ y⁻, since W took part in z = W y⁻, and likewise
    /// y ⊗ dL/dv and e ⊗ dL/d(Wᵀe).
    pub fn adjoint_terms(&self, l: usize) -> impl Iterator<Item = (&[f64], &[f64])> {
        let z = Some((self.dz[l].as_slice(), self.y[l].as_slice()));
        let v = self.dv[l]
            .as_ref()
            .map(|dv| (self.y[l + 1].as_slice(), dv.as_slice()));
        let u = self.du[l].as_ref().zip(self.e[l + 1].as_ref());
        let u = u.map(|(du, e)| (e.as_slice(), du.as_slice()));
        [z, v, u].into_iter().flatten()
    }
}

impl Unrolled {
    /// Runs an episode of `rule` from `setting` and takes it apart. The coefficients of
    /// `setting` are the rule's, one for each term.
    ///
    /// # Errors
    /// If the rule does not fit the network.
    ///
    /// # Panics
    /// If `setting` does not fit the network or the rule.
    pub fn new(
        network: &Network,
        feedback: Feedback,
        rule: &Rule,
        setting: &Setting<f64>,
    ) -> Result<Unrolled, String> {
        let layers = network.layers();
        // Without its own copy of the rule on each layer the layers could not be told apart.
        let untied = rule.untied(layers);
        let mut episode = Episode::new(network, feedback, &untied, Penalty::default())?;
        let lists: Vec<Vec<usize>> = (0..layers).map(|l| rule.on_layer(l)).collect();
        let places: Vec<(usize, usize)> = (0_usize..)
            .zip(&lists)
            .flat_map(|(l, list)| list.iter().map(move |r| (l, *r)))
            .collect();
        let own = Setting {
            theta: places.iter().map(|(_, r)| setting.theta[*r]).collect(),
            ..setting.clone()
        };
        let mut tape = Tape::new();
        let mut wanted = Wanted {
            exact: feedback == Feedback::SymmetricExact,
            vars: Vec::new(),
            w: setting.w.clone(),
        };
        let mut moments = Vec::new();
        let (score, copies) = episode.record_by_step(&mut tape, &own, |tape, step| {
            moments.push(wanted.moment(tape, step, setting.train.labels[step.index]));
        });
        let trace = episode.query_trace();
        wanted.vars.extend(&trace.z);
        wanted.vars.extend(&copies);
        let gradient = tape.gradient(score.cross_entropy, &wanted.vars);

        let mut parts = (0..wanted.vars.len()).map(|i| gradient.of(i));
        let mut next = || parts.next().expect("as many derivatives as were asked for");
        for moment in &mut moments {
            let derivatives = moment.dz.iter_mut().map(Some);
            let derivatives = derivatives.chain(moment.dv.iter_mut().map(Option::as_mut));
            let derivatives = derivatives.chain(moment.du.iter_mut().map(Option::as_mut));
            for slot in derivatives.flatten() {
                slot.extend_from_slice(next());
            }
        }
        let images = setting.query.labels.len();
        let query = (0..layers).map(|l| {
            let dz = Array2::from_shape_vec((images, network.sizes[l + 1]), next().to_vec());
            (tape.array(trace.y[l]), dz.expect("z has a row an image"))
        });
        let query = query.collect();
        let mut contributions = Array3::zeros((moments.len(), layers, rule.terms.len()));
        for t in 0..moments.len() {
            for (l, r) in &places {
                contributions[[t, *l, *r]] = next()[0];
            }
        }
        Ok(Unrolled {
            contributions,
            moments,
            query,
            cross_entropy: tape.scalar(score.cross_entropy),
            accuracy: measures::accuracy(tape.value(score.logits), &setting.query.labels),
        })
    }

    /// Σ_t Σ_l ∂L/∂θ_r(t, l): dL/dθ_r of the cross-entropy.
    pub fn total(&self, r: usize) -> f64 {
        self.contributions.index_axis(ndarray::Axis(2), r).sum()
    }

    /// Λ_l after the last step, n_l × n_{l−1}, for layer `l` from 0.
    pub fn last_adjoint(&self, l: usize) -> Array2<f64> {
        let (y, dz) = &self.query[l];
        dz.t().dot(y)
    }
}

/// The values whose derivatives are wanted, in the order of a moment's lists.
struct Wanted {
    /// Whether derivatives flow through W on the error's way back.
    exact: bool,
    vars: Vec<Var>,
    /// W_1..W_L before the step.
    w: Vec<Array2<f64>>,
}

impl Wanted {
    fn moment(&mut self, tape: &mut Tape<f64>, step: &Step<'_>, label: usize) -> Moment {
        let change = self.w.iter_mut().zip(step.w).map(|(before, w)| {
            let after = tape.matrix(w);
            let square = (&after - &*before).fold(0.0, |s, d| s + d * d);
            *before = after;
            square.sqrt()
        });
        let change = change.collect();
        let Trace { z, y, e, carried } = step.trace;
        let v = step.back_activity;
        let numbers = |x: &Var| tape.value(*x).to_vec();
        let maybe = |x: &Option<Var>| x.as_ref().map(numbers);
        // To be filled by the sweep back.
        let later = |x: &Option<Var>| x.map(|_| Vec::new());
        self.vars.extend(z);
        self.vars.extend(v.iter().flatten());
        if self.exact {
            self.vars.extend(carried.iter().flatten());
        }
        Moment {
            label,
            y: y.iter().map(numbers).collect(),
            e: e.iter().map(maybe).collect(),
            z: z.iter().map(numbers).collect(),
            v: v.iter().map(maybe).collect(),
            dz: vec![Vec::new(); z.len()],
            dv: v.iter().map(later).collect(),
            du: carried
                .iter()
                .map(|u| later(&u.filter(|_| self.exact)))
                .collect(),
            change,
        }
    }
}
