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
use meta::{Episode, Penalty, Setting, Step};
use model::language::Name;
use model::{Feedback, Matrix, Misfit, Network, Rule, TermValue, Trace};
use ndarray::{Array2, Array3};

/// An episode taken apart.
#[derive(Clone, Debug)]
pub struct Unrolled {
    /// ∂L_meta/∂θ_r(t, l), steps × layers × coefficients θ; 0 where a term does not act.
    /// The penalty λ‖Θ‖₁ has no part in it.
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
    /// dL/dz_1..dL/dz_L.
    pub dz: Vec<Vec<f64>>,
    /// By layer, the products with W_l that the rule's terms took, and dL by them.
    pub reads: Vec<Vec<(Name, Vec<f64>)>>,
    /// dL/d(W_lᵀ e_l), where derivatives flow through W on the error's way back.
    pub du: Vec<Option<Vec<f64>>>,
    /// By layer, the terms that act there in numbers, by the index of their θ.
    pub terms: Vec<Vec<(usize, TermValue)>>,
    /// ‖ΔW_1‖..‖ΔW_L‖, root of the sum of squares over all synapses of a layer.
    pub change: Vec<f64>,
}

impl Moment {
    /// The outer products post ⊗ pre that this step adds to Λ_l on the way back
    /// (layer `l` from 0): dL/dz ⊗ y⁻, since W took part in z = W y⁻, and likewise
    /// for each product with W that a term or the error's way back took.
    ///
    /// # Panics
    /// If an error that took part is missing.
    pub fn adjoint_terms(&self, l: usize) -> impl Iterator<Item = (&[f64], &[f64])> {
        let error = |l: usize| -> &[f64] { self.e[l].as_ref().expect("it took part") };
        let z = (self.dz[l].as_slice(), self.y[l].as_slice());
        let reads = self.reads[l].iter().map(move |(name, d)| match name {
            Name::ForwardError => (d.as_slice(), error(l)),
            Name::BackError => (error(l + 1), d.as_slice()),
            _ => (self.y[l + 1].as_slice(), d.as_slice()),
        });
        let u = self.du[l].as_ref().map(|du| (error(l + 1), du.as_slice()));
        std::iter::once(z).chain(reads).chain(u)
    }

    /// What W_l (layer `l` from 0) was multiplied by, with coefficients `theta`.
    pub fn keep(&self, l: usize, theta: &[f64]) -> f64 {
        let decays = self.terms[l].iter().map(|(r, term)| theta[*r] * term.decay);
        1.0 + decays.sum::<f64>()
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
    ) -> Result<Unrolled, Misfit> {
        let layers = network.layers();
        // Without its own copy of the rule on each layer the layers could not be told apart.
        let untied = rule.untied(layers);
        let mut episode = Episode::new(network, feedback, &untied, Penalty::default())?;
        let counts = rule.counts(feedback);
        let pairs = rule.groups().pow(2);
        // The layer and the index among θ of each coefficient of the untied rule.
        let places: Vec<(usize, usize)> = (0..layers)
            .flat_map(|l| rule.on_layer(l).into_iter().map(move |r| (l, r)))
            .flat_map(|(l, r)| (r * pairs..(r + 1) * pairs).map(move |r| (l, r)))
            .collect();
        let coefficients = places.iter().map(|(_, r)| setting.theta[*r]);
        let others = setting.theta[counts.theta..].iter().copied();
        let own = Setting {
            theta: coefficients.chain(others).collect(),
            ..setting.clone()
        };
        let mut tape = Tape::new();
        let mut wanted = Wanted {
            exact: feedback == Feedback::SymmetricExact,
            vars: Vec::new(),
            w: setting.state.w.clone(),
            theta: &own.theta,
            places: &places,
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
            let reads = moment.reads.iter_mut().flatten();
            let derivatives = derivatives.chain(reads.map(|(_, d)| Some(d)));
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
        let mut contributions = Array3::zeros((moments.len(), layers, counts.theta));
        for t in 0..moments.len() {
            for (l, r) in &places {
                contributions[[t, *l, *r]] = next()[0];
            }
            // φ, gains and constants have no layer of their own.
            for _ in counts.theta..setting.theta.len() {
                next();
            }
        }
        Ok(Unrolled {
            contributions,
            moments,
            query,
            cross_entropy: tape.scalar(score.cross_entropy),
            accuracy: score.accuracy(&tape, &setting.query.labels),
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
struct Wanted<'a> {
    /// Whether derivatives flow through W on the error's way back.
    exact: bool,
    vars: Vec<Var>,
    /// W_1..W_L before the step.
    w: Vec<Array2<f64>>,
    /// All that is meta-learned, of the untied rule.
    theta: &'a [f64],
    /// The layer and the index among the rule's θ of each of the untied rule's.
    places: &'a [(usize, usize)],
}

impl Wanted<'_> {
    fn moment(&mut self, tape: &mut Tape<f64>, step: &Step<'_>, label: usize) -> Moment {
        let here = (step.state, step.trace);
        let layers = 0..self.w.len();
        let terms = layers.clone().map(|l| {
            let matrix = (Matrix::Weights(l), &self.w[l]);
            let found = step.circuit.terms_of_step(tape, matrix, here, self.theta);
            let own = |(r, _, value): (usize, f64, TermValue)| (self.places[r].1, value);
            found.into_iter().map(own).collect()
        });
        let terms = terms.collect();
        let change = self.w.iter_mut().zip(&step.state.w).map(|(before, w)| {
            let after = tape.matrix(w);
            let square = (&after - &*before).fold(0.0, |s, d| s + d * d);
            *before = after;
            square.sqrt()
        });
        let change = change.collect();
        let Trace {
            z, y, e, carried, ..
        } = step.trace;
        let numbers = |x: &Var| tape.value(*x).to_vec();
        let maybe = |x: &Option<Var>| x.as_ref().map(numbers);
        self.vars.extend(z);
        let reads = layers.map(|l| step.circuit.reads(l));
        self.vars
            .extend(reads.clone().flatten().map(|(_, var)| *var));
        if self.exact {
            self.vars.extend(carried.iter().flatten());
        }
        Moment {
            label,
            y: y.iter().map(numbers).collect(),
            e: e.iter().map(maybe).collect(),
            z: z.iter().map(numbers).collect(),
            dz: vec![Vec::new(); z.len()],
            // Derivatives are to be filled in by the sweep back.
            reads: reads
                .map(|read| read.iter().map(|(name, _)| (*name, Vec::new())).collect())
                .collect(),
            du: carried
                .iter()
                .map(|u| u.filter(|_| self.exact).map(|_| Vec::new()))
                .collect(),
            terms,
            change,
        }
    }
}
