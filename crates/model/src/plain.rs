//! A step looked at from outside, in plain numbers.

use std::rc::Rc;

use autodiff::{Real, Tape, Var};
use ndarray::{Array2, ArrayView1};

use crate::Trace;
use crate::language::{Function, Name, Side};
use crate::sight::{Sight, Wire, units};

/// What the synapses of one layer see of a step, in plain numbers.
pub(crate) struct Plain<'a, T> {
    tape: &'a Tape<T>,
    wire: Wire,
    trace: &'a Trace,
    /// The synapses' matrix before the step.
    matrix: &'a Array2<T>,
    constants: &'a [f64],
    bounds: &'a [f64],
    /// The traces just after the step.
    traces: &'a [Option<Var>],
    seen: Vec<(Name, Rc<[f64]>)>,
}

/// A term of a layer in numbers: Σ s·a ⊗ b + d M.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TermValue {
    /// What it sums.
    pub products: Vec<ProductValue>,
    /// d.
    pub decay: f64,
}

/// s·a ⊗ b.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductValue {
    /// s.
    pub scale: f64,
    /// a.
    pub post: VectorValue,
    /// b.
    pub pre: VectorValue,
}

/// A vector of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorValue {
    /// As it is typed if it is something seen ("y-"), "1" for ones, else a name that no
    /// other vector of the rule has.
    pub label: String,
    /// Its numbers.
    pub numbers: Rc<[f64]>,
}

impl<'a, T: Real> Plain<'a, T> {
    /// Of the synapses of one wire, with their matrix before the step.
    pub(crate) fn new(
        (tape, trace): (&'a Tape<T>, &'a Trace),
        wire: Wire,
        matrix: &'a Array2<T>,
        (constants, bounds): (&'a [f64], &'a [f64]),
        traces: &'a [Option<Var>],
    ) -> Self {
        Plain {
            tape,
            wire,
            trace,
            matrix,
            constants,
            bounds,
            traces,
            seen: Vec::new(),
        }
    }

    fn read(&self, name: Name) -> Rc<[f64]> {
        let of = |x: Var| -> Rc<[f64]> { self.tape.value(x).iter().map(|x| x.to_f64()).collect() };
        match self.wire.see(self.trace, name) {
            Some(x) => of(x),
            None => Rc::from([]),
        }
    }

    fn units(&self, side: Side) -> usize {
        match side {
            Side::Post => self.matrix.nrows(),
            Side::Pre => self.matrix.ncols(),
        }
    }

    /// ‖F‖ of a term's value, the root of the sum of squares over the layer's synapses.
    /// With F = Σ s_k a_k ⊗ b_k + d M, ‖F‖² = Σ s_k s_m (a_k·a_m)(b_k·b_m)
    /// + 2 d Σ s_k a_kᵀ M b_k + d² ‖M‖².
    pub(crate) fn size(&self, value: &TermValue) -> f64 {
        let mut square = 0.0;
        for one in &value.products {
            let (s, a, b) = (one.scale, &one.post.numbers, &one.pre.numbers);
            for other in &value.products {
                let (t, c, d) = (other.scale, &other.post.numbers, &other.pre.numbers);
                square += s * t * dot(a, c) * dot(b, d);
            }
            if value.decay != 0.0 {
                let rows = self.matrix.rows().into_iter().zip(a.iter());
                let product: f64 = rows.map(|(w, a)| a * along(w, b)).sum();
                square += 2.0 * value.decay * s * product;
            }
        }
        if value.decay != 0.0 {
            let squares = self.matrix.iter().map(|w| w.to_f64().powi(2));
            square += value.decay.powi(2) * squares.sum::<f64>();
        }
        // Rounding may leave a little less than nothing of what cancels.
        if square < 0.0 { 0.0 } else { square.sqrt() }
    }
}

impl<T: Real> Sight for Plain<'_, T> {
    type Value = Rc<[f64]>;

    fn see(&mut self, name: Name) -> Rc<[f64]> {
        if let Some((_, known)) = self.seen.iter().find(|(known, _)| *known == name) {
            return known.clone();
        }
        let (rows, columns) = (self.matrix.rows(), self.matrix.columns());
        let value = match name {
            Name::ForwardError => {
                let e = self.see(Name::PreError);
                rows.into_iter().map(|w| along(w, &e)).collect()
            }
            Name::BackActivity | Name::BackError => {
                let post = if name == Name::BackError {
                    Name::Error
                } else {
                    Name::Activity
                };
                let x = self.see(post);
                columns.into_iter().map(|w| along(w, &x)).collect()
            }
            _ => self.read(name),
        };
        self.seen.push((name, Rc::clone(&value)));
        value
    }

    fn constant(&mut self, index: usize) -> Rc<[f64]> {
        Rc::from([self.constants[index]])
    }

    fn number(&mut self, x: f64) -> Rc<[f64]> {
        Rc::from([x])
    }

    fn ones(&mut self, side: Side) -> Rc<[f64]> {
        std::iter::repeat_n(1.0, self.units(side)).collect()
    }

    fn group(&mut self, side: Side, group: usize) -> Rc<[f64]> {
        let n = self.units(side);
        let own = units(self.bounds, group, n);
        (0..n)
            .map(|i| f64::from(u8::from(own.contains(&i))))
            .collect()
    }

    fn times(&mut self, x: Rc<[f64]>, c: f64) -> Rc<[f64]> {
        x.iter().map(|x| x * c).collect()
    }

    fn multiply(&mut self, a: Rc<[f64]>, b: Rc<[f64]>) -> Rc<[f64]> {
        a.iter().zip(&*b).map(|(a, b)| a * b).collect()
    }

    fn apply(&mut self, function: Function, x: Rc<[f64]>) -> Rc<[f64]> {
        x.iter().map(|x| function.of(*x)).collect()
    }

    fn sum(&mut self, x: Rc<[f64]>) -> Rc<[f64]> {
        Rc::from([x.iter().sum::<f64>()])
    }

    fn dot(&mut self, a: Rc<[f64]>, b: Rc<[f64]>) -> Rc<[f64]> {
        Rc::from([dot(&a, &b)])
    }

    fn combine(&mut self, terms: &[(Rc<[f64]>, Rc<[f64]>)]) -> Rc<[f64]> {
        let n = terms[0].1.len();
        (0..n)
            .map(|i| terms.iter().map(|(s, x)| s[0] * x[i]).sum())
            .collect()
    }

    /// The trace as the step left it.
    fn trace(&mut self, slot: usize, _: Rc<[f64]>, _: (Rc<[f64]>, Rc<[f64]>)) -> Rc<[f64]> {
        let now = self.traces[slot].expect("the step has advanced every trace");
        self.tape.value(now).iter().map(|x| x.to_f64()).collect()
    }
}

/// A row or column of a matrix times a vector.
fn along<T: Real>(w: ArrayView1<'_, T>, x: &[f64]) -> f64 {
    w.iter().zip(x).map(|(w, x)| w.to_f64() * x).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
