//! How large plasticity terms are, in what an episode sees of them.

use autodiff::{Real, Tape, Var};
use model::{Post, Pre, Product, Rule, Scalar, Term, Trace};
use ndarray::{Array2, ArrayView1};

use crate::{Drawn, Episode, Step};

/// What the terms of one layer see of a step.
pub(crate) struct Seen<'a, T> {
    /// W before the step.
    w: &'a Array2<T>,
    y_pre: Vec<f64>,
    /// Empty if the rule has no use for it.
    e_pre: Vec<f64>,
    z: Vec<f64>,
    y: Vec<f64>,
    e: Vec<f64>,
    /// Wᵀy.
    v: Vec<f64>,
}

impl<'a, T: Real> Seen<'a, T> {
    /// Of the synapses `l`, those of layer l + 1, with the weights `w` before the step.
    pub(crate) fn new(tape: &Tape<T>, trace: &Trace, l: usize, w: &'a Array2<T>) -> Self {
        let read = |x: Var| -> Vec<f64> { tape.value(x).iter().map(|x| x.to_f64()).collect() };
        let y = read(trace.y[l + 1]);
        Seen {
            w,
            y_pre: read(trace.y[l]),
            e_pre: trace.e[l].map(read).unwrap_or_default(),
            z: read(trace.z[l]),
            e: trace.e[l + 1].map(read).unwrap_or_default(),
            v: w.columns().into_iter().map(|w| along(w, &y)).collect(),
            y,
        }
    }

    /// ‖F‖ of a term, the root of the sum of squares over the layer's synapses. With
    /// F = Σ s_k a_k ⊗ b_k + d W, ‖F‖² = Σ s_k s_m (a_k·a_m)(b_k·b_m)
    /// + 2 d Σ s_k a_kᵀ W b_k + d² ‖W‖².
    pub(crate) fn size(&self, term: &Term) -> f64 {
        let products: Vec<_> = term.products.iter().map(|p| self.outer(p)).collect();
        let mut square = 0.0;
        for (s, a, b) in &products {
            for (t, c, d) in &products {
                square += s * t * dot(a, c) * dot(b, d);
            }
            if term.decay != 0.0 {
                let rows = self.w.rows().into_iter().zip(a);
                let product: f64 = rows.map(|(w, a)| a * along(w, b)).sum();
                square += 2.0 * term.decay * s * product;
            }
        }
        if term.decay != 0.0 {
            let squares = self.w.iter().map(|w| w.to_f64().powi(2));
            square += term.decay.powi(2) * squares.sum::<f64>();
        }
        // Rounding may leave a little less than nothing of what cancels.
        if square < 0.0 { 0.0 } else { square.sqrt() }
    }

    /// s, a and b of a product s·a ⊗ b.
    fn outer(&self, product: &Product) -> (f64, Vec<f64>, Vec<f64>) {
        let scalars = product.scalars.iter().map(|scalar| match scalar {
            Scalar::SumPost => self.y.iter().sum(),
            Scalar::BackActivityDotPreError => dot(&self.v, &self.e_pre),
            Scalar::InputDotError => dot(&self.z, &self.e),
        });
        let post = product.post.iter().map(|post| match post {
            Post::Error => &self.e,
            Post::Activity => &self.y,
        });
        let pre = product.pre.iter().map(|pre| match pre {
            Pre::Activity => &self.y_pre,
            Pre::Error => &self.e_pre,
            Pre::BackActivity => &self.v,
        });
        let scale = scalars.product::<f64>() * product.coefficient;
        (
            scale,
            multiplied(post, self.y.len()),
            multiplied(pre, self.v.len()),
        )
    }
}

/// The product of factors, element by element; without any, `n` ones.
fn multiplied<'a>(factors: impl Iterator<Item = &'a Vec<f64>>, n: usize) -> Vec<f64> {
    let mut product = vec![1.0; n];
    for factor in factors {
        product.iter_mut().zip(factor).for_each(|(p, x)| *p *= x);
    }
    product
}

/// A row or column of W times a vector.
fn along<T: Real>(w: ArrayView1<'_, T>, x: &[f64]) -> f64 {
    w.iter().zip(x).map(|(w, x)| w.to_f64() * x).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Terms are measured in one step of so many: they change slowly, and every step would
/// take as long as the episode.
const EVERY: usize = 10;

/// ‖F^r‖ of each term of a rule in an episode: the root of the sum of squares over
/// synapses, layers on which the term acts, and every tenth step.
pub(crate) fn term_sizes<T: Real>(
    episode: &mut Episode,
    tape: &mut Tape<T>,
    start: &Drawn<'_, T>,
    rule: &Rule,
) -> Vec<f64> {
    let mut squares = vec![0.0; rule.terms.len()];
    let mut w = start.w();
    let watch = |tape: &mut Tape<T>, step: &Step<'_>| {
        if step.index.is_multiple_of(EVERY) {
            for (l, w) in w.iter().enumerate() {
                let seen = Seen::new(tape, step.trace, l, w);
                for r in rule.on_layer(l) {
                    squares[r] += seen.size(&rule.terms[r]).powi(2);
                }
            }
        }
        if (step.index + 1).is_multiple_of(EVERY) {
            for (w, now) in w.iter_mut().zip(step.w) {
                *w = tape.matrix(now);
            }
        }
    };
    episode.record_watched(tape, start, watch);
    squares.into_iter().map(f64::sqrt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_size_of_a_term_is_the_norm_of_its_matrix() {
        let w = array![[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]];
        let (y, y_pre) = (vec![0.7, 0.2], vec![0.9, 0.1, 0.4]);
        let v = w.t().dot(&array![0.7, 0.2]).to_vec();
        let seen = Seen {
            w: &w,
            e_pre: vec![0.2, -0.3, 0.1],
            z: w.dot(&array![0.9, 0.1, 0.4]).to_vec(),
            e: vec![-0.4, 0.6],
            v: v.clone(),
            y: y.clone(),
            y_pre: y_pre.clone(),
        };
        let norm = |of: &dyn Fn(usize, usize) -> f64| -> f64 {
            let squares = (0..2).flat_map(|i| (0..3).map(move |j| (i, j)));
            squares.map(|(i, j)| of(i, j).powi(2)).sum::<f64>().sqrt()
        };
        // PAPER's table: F^3 = −W, F^4 = −1 ⊗ e⁻, F^9 = y ⊗ (y⁻ − v).
        let close = |r: usize, want: f64| {
            let found = seen.size(&Term::paper(r));
            assert!((found - want).abs() < 1e-12 * want, "F{r}: {found} {want}");
        };
        close(3, norm(&|i, j| w[[i, j]]));
        close(4, norm(&|_, j| seen.e_pre[j]));
        close(9, norm(&|i, j| y[i] * (y_pre[j] - v[j])));
        // Decay and a product in one term do not add up like two that are at right angles.
        let mixed = Term {
            products: Term::paper(9).products,
            decay: -0.5,
            ..Term::paper(9)
        };
        let want = norm(&|i, j| y[i] * (y_pre[j] - v[j]) - 0.5 * w[[i, j]]);
        assert!((seen.size(&mixed) - want).abs() < 1e-12 * want);
    }
}
