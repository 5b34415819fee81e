//! Reverse mode: gradients as plain arrays, and gradients recorded on the tape.

use lanes::max_or_nan;
use ndarray::{Array2, ArrayView2};

use crate::algebra::{Algebra, MatrixId, Origin};
use crate::plastic::Plastic;
use crate::shape::Shape;
use crate::sweep::{Evaluator, Precision, Swept, Way, sweep_back};
use crate::{Real, Tape, Var};

/// How the reverse sweep finds plastic matrices as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rewind {
    /// Undo the updates; if the matrices then differ from their initial values by more
    /// than [`Rewind::tolerance`], sweep again as by [`Rewind::Replay`].
    #[default]
    Auto,
    /// Undo the updates, whatever comes out. [`Gradient::residual`] tells what did. What
    /// recorded gradients of recorded gradients did cannot be undone and is replayed.
    Undo,
    /// Replay the updates from three checkpoints of each matrix: what was read comes back
    /// to within rounding, and each of 250 updates is replayed up to ten times.
    Replay,
}

impl Rewind {
    /// The largest residual that [`Rewind::Auto`] accepts: 1024 units of rounding, a
    /// ten-thousandth in f32. An inner loop of 250 steps at the paper's size leaves ten,
    /// with a decay a hundred.
    pub fn tolerance<T: Real>() -> T {
        T::from_f64(1024.0) * T::EPSILON
    }
}

/// What else a gradient is to bring.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradientOptions<'a> {
    /// How to go back in time.
    pub rewind: Rewind,
    /// Plastic matrices whose initial values the loss is to be differentiated by too.
    pub initial: &'a [&'a Plastic],
    /// Whether to go back in time in the plastic matrices themselves instead of in copies
    /// of them. The tape is spent then: until it is cleared, its values can be read, but
    /// not its matrices, and no gradient can be taken again.
    pub spend: bool,
}

/// The derivative by one variable.
#[derive(Clone, Debug)]
struct Part<T> {
    by: Var,
    shape: Shape,
    numbers: Vec<T>,
}

/// The derivatives of a scalar: by position, `gradient.of(0)`, or by variable,
/// `&gradient[x]`.
#[derive(Clone, Debug)]
pub struct Gradient<T> {
    parts: Vec<Part<T>>,
    initial: Vec<Array2<T>>,
    /// How far the matrices that were undone ended from their initial values: the largest
    /// difference in relation to the largest initial weight of its row or column, or to
    /// the first update of a row or column that started at zero. Matrices that the sweep
    /// never read are not undone and do not count; 0 without others.
    pub residual: T,
    /// How time was rewound in the end: `Undo` or `Replay`.
    pub rewind: Rewind,
}

impl<T: Real> Gradient<T> {
    /// dL/dx for the `i`-th variable asked for, row by row.
    ///
    /// # Panics
    /// If fewer were asked for.
    pub fn of(&self, i: usize) -> &[T] {
        &self.parts[i].numbers
    }

    /// dL/dx for the `i`-th variable asked for, a scalar.
    ///
    /// # Panics
    /// If fewer were asked for, or it is no scalar.
    pub fn scalar(&self, i: usize) -> T {
        let Part { shape, numbers, .. } = &self.parts[i];
        assert!(*shape == Shape::SCALAR, "variable {i} has shape {shape}");
        numbers[0]
    }

    /// dL/dx for the `i`-th variable asked for, as an array.
    ///
    /// # Panics
    /// If fewer were asked for.
    pub fn array(&self, i: usize) -> Array2<T> {
        let Part { shape, numbers, .. } = &self.parts[i];
        ArrayView2::from_shape((shape.rows, shape.cols), numbers)
            .expect("a derivative has the shape of its variable")
            .to_owned()
    }

    /// dL/dW₀ for the `i`-th of [`GradientOptions::initial`], n_post × n_pre.
    ///
    /// # Panics
    /// If fewer were asked for.
    pub fn initial(&self, i: usize) -> &Array2<T> {
        &self.initial[i]
    }
}

impl<T> std::ops::Index<Var> for Gradient<T> {
    type Output = [T];

    /// dL/dx, row by row, found by looking through the variables asked for.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let (a, b) = (tape.variable_scalar(2.0), tape.variable_scalar(3.0));
    /// let y = tape.mul(a, b);
    /// let gradient = tape.gradient(y, &[a, b]);
    /// assert_eq!(gradient[b], [2.0]);
    /// ```
    ///
    /// # Panics
    /// If `x` is none of them.
    #[track_caller]
    fn index(&self, x: Var) -> &[T] {
        let part = self.parts.iter().find(|part| part.by == x);
        &part
            .expect("the gradient was not asked for by this variable")
            .numbers
    }
}

/// A recorded gradient.
#[derive(Clone, Debug)]
pub struct TapedGradient<T> {
    /// dL/dx for each variable asked for.
    pub vars: Vec<Var>,
    /// As [`Gradient::residual`].
    pub residual: T,
    /// As [`Gradient::rewind`].
    pub rewind: Rewind,
}

impl Way {
    fn first(rewind: Rewind) -> Self {
        Way {
            replaying: rewind == Rewind::Replay,
            following: true,
            spending: false,
            spent: false,
        }
    }

    fn rewind(self) -> Rewind {
        if self.replaying {
            Rewind::Replay
        } else {
            Rewind::Undo
        }
    }
}

/// # Reverse mode
impl<T: Real> Tape<T> {
    /// dL/dx for each x of `wrt`, as plain arrays. What is recorded stays as it was.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[3.0, 4.0]);
    /// let y = tape.dot(x, x);
    /// assert_eq!(tape.gradient(y, &[x])[x], [6.0, 8.0]);
    /// ```
    ///
    /// # Panics
    /// If `loss` is no scalar, something is not of this tape, or the tape was spent, see
    /// [`GradientOptions::spend`].
    #[track_caller]
    pub fn gradient(&mut self, loss: Var, wrt: &[Var]) -> Gradient<T> {
        self.gradient_with(loss, wrt, &GradientOptions::default())
    }

    /// As [`Tape::gradient`], with options.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// use autodiff::GradientOptions;
    /// let w = tape.plastic(ndarray::array![[1.0, 2.0]].view());
    /// let x = tape.variable_vector(&[3.0, 4.0]);
    /// let z = tape.matvec(&w, x);
    /// let options = GradientOptions { initial: &[&w], ..GradientOptions::default() };
    /// let gradient = tape.gradient_with(z, &[x], &options);
    /// assert_eq!(gradient[x], [1.0, 2.0]);
    /// assert_eq!(*gradient.initial(0), ndarray::array![[3.0, 4.0]]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`], if one of `options.initial` is declared fixed, and if a tape
    /// with recorded gradients is to be spent.
    #[track_caller]
    pub fn gradient_with(
        &mut self,
        loss: Var,
        wrt: &[Var],
        options: &GradientOptions<'_>,
    ) -> Gradient<T> {
        self.check_gradient(loss, wrt);
        for w in options.initial {
            let slot = self.slot_of(w);
            assert!(
                self.slots[slot].origin == Origin::Plastic,
                "only a matrix declared with `plastic` has an adjoint"
            );
        }
        if options.spend {
            assert!(
                !self.slots.iter().any(|slot| slot.origin == Origin::Zeros),
                "a tape that holds recorded gradients cannot be spent"
            );
            self.spent = true;
        }
        let mut way = Way {
            spending: options.spend,
            ..Way::first(options.rewind)
        };
        loop {
            let (gradient, precision) = T::sweep(self, (loss, wrt), options, way);
            match self.again(way, precision, loss, options.rewind) {
                Some(next) => way = next,
                None => return gradient,
            }
        }
    }

    /// The way to go once more if what was found is not precise enough.
    fn again(&self, way: Way, found: Precision, loss: Var, rewind: Rewind) -> Option<Way> {
        // With a loss that is no number, no way of going back gives one.
        if !self.scalar(loss).is_finite() {
            return None;
        }
        let tolerance = Rewind::tolerance::<T>().to_f64();
        let epsilon = T::EPSILON.to_f64();
        way.again(found, (tolerance, epsilon), rewind == Rewind::Auto)
    }

    #[track_caller]
    fn check_gradient(&self, loss: Var, wrt: &[Var]) {
        self.check_unspent();
        let shape = self.shape_of(loss);
        assert!(
            shape == Shape::SCALAR,
            "a gradient is taken of a scalar, got shape {shape}"
        );
        for x in wrt {
            self.check(*x);
        }
    }

    pub(crate) fn sweep(
        &mut self,
        (loss, wrt): (Var, &[Var]),
        options: &GradientOptions<'_>,
        way: Way,
    ) -> (Gradient<T>, Precision) {
        if let Some(profile) = &mut self.profile {
            profile.resume();
        }
        let slots = self.slots.len();
        // Matrices that hold what those asked for started as, for recorded gradients.
        let starts = |w: &Plastic| {
            let slot = MatrixId(self.slot_of(w) as u32);
            let starts = |i: &usize| self.slots[*i].origin == Origin::Start(slot);
            (slot, (0..slots).filter(starts).collect::<Vec<_>>())
        };
        let initial: Vec<_> = options.initial.iter().map(|w| starts(w)).collect();
        let adjoints = std::mem::take(&mut self.workspace.adjoints);
        let mut g = Evaluator::new(&self.program, &mut self.slots, &mut self.workspace);
        let profile = self.profile.as_mut();
        let swept = sweep_back(&mut g, (loss, wrt), slots, way, adjoints, profile);
        let parts = wrt
            .iter()
            .map(|x| {
                let shape = self.program.nodes[x.index()].shape;
                let adjoint = swept.adjoints.get(x.index()).copied().flatten();
                let numbers =
                    adjoint.map_or_else(|| vec![T::ZERO; shape.len()], |a| g.numbers(a).to_vec());
                let by = *x;
                Part { by, shape, numbers }
            })
            .collect();
        let adjoint = |slot: usize| {
            let adjoint = swept.matrices[slot].derivative;
            g.array(adjoint.expect("derivatives pass through what was given as plastic"))
        };
        let initial = initial
            .iter()
            .map(|(slot, starts)| {
                let more = starts.iter().map(|start| adjoint(*start));
                more.fold(adjoint(slot.index()), |sum, more| sum + more)
            })
            .collect();
        g.finish(&mut self.workspace);
        self.workspace.adjoints = swept.adjoints;
        if let Some(profile) = &mut self.profile {
            profile.finished();
        }
        let gradient = Gradient {
            parts,
            initial,
            residual: T::from_f64(swept.precision.residual),
            rewind: way.rewind(),
        };
        (gradient, swept.precision)
    }

    /// dL/dx for each x of `wrt`, recorded on this tape so that it can be
    /// differentiated again. Plastic matrices are carried back in time by further
    /// updates on copies of them, so this too grows by a few vectors a step. As in
    /// [`Tape::gradient`], updates are replayed where undoing them loses digits.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_scalar(2.0);
    /// let cube = tape.powi(x, 3);
    /// let slope = tape.gradient_taped(cube, &[x])[0];
    /// assert_eq!(tape.scalar(slope), 12.0);
    /// assert_eq!(tape.gradient(slope, &[x])[x], [12.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`].
    #[track_caller]
    pub fn gradient_taped(&mut self, loss: Var, wrt: &[Var]) -> Vec<Var> {
        self.gradient_taped_with(loss, wrt, Rewind::Auto).vars
    }

    /// As [`Tape::gradient_taped`], by a way to choose, and with the residual.
    ///
    /// ```
    /// use autodiff::{Outer, Rewind, Tape};
    ///
    /// // A reset leaves nothing to be undone: the updates are replayed.
    /// let mut tape = Tape::<f64>::new();
    /// let x = tape.variable_vector(&[2.0]);
    /// let reset = tape.constant_scalar(0.0);
    /// let mut w = tape.plastic(ndarray::array![[3.0]].view());
    /// let before = tape.matvec(&w, x);
    /// tape.update(&mut w, Some(reset), &[Outer::new(x, x)]);
    /// let loss = tape.dot(before, before);
    /// let slope = tape.gradient_taped_with(loss, &[x], Rewind::Auto);
    /// assert_eq!(slope.rewind, Rewind::Replay);
    /// assert_eq!(tape.value(slope.vars[0]), [36.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`].
    #[track_caller]
    pub fn gradient_taped_with(
        &mut self,
        loss: Var,
        wrt: &[Var],
        rewind: Rewind,
    ) -> TapedGradient<T> {
        self.check_gradient(loss, wrt);
        let (mark, slots) = (self.program.mark(), self.slots.len());
        let mut way = Way::first(rewind);
        loop {
            let Swept {
                adjoints,
                precision,
                ..
            } = T::sweep_recorded(self, (loss, wrt), slots, way);
            if let Some(next) = self.again(way, precision, loss, rewind) {
                way = next;
                self.forget_since(mark, slots);
                continue;
            }
            let vars = wrt
                .iter()
                .map(|x| {
                    let shape = self.program.nodes[x.index()].shape;
                    let adjoint = adjoints.get(x.index()).copied().flatten();
                    adjoint.unwrap_or_else(|| Algebra::constant(self, shape, 0.0))
                })
                .collect();
            return TapedGradient {
                vars,
                residual: T::from_f64(precision.residual),
                rewind: way.rewind(),
            };
        }
    }

    /// The Hessian of `loss` by `wrt` times the vector `direction`: Σⱼ ∂²L/∂xᵢ∂xⱼ vⱼ,
    /// by differentiating the recorded gradient, which is forgotten afterwards.
    /// `direction` has one slice for each variable, row by row.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[1.0, 2.0]);
    /// let square = tape.square(x);
    /// let loss = tape.dot(square, square);
    /// // L = Σ xᵢ⁴.
    /// assert_eq!(tape.hessian_vector(loss, &[x], &[&[1.0, 10.0]])[x], [12.0, 480.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`], and if `direction` does not fit `wrt`.
    #[track_caller]
    pub fn hessian_vector(&mut self, loss: Var, wrt: &[Var], direction: &[&[T]]) -> Gradient<T> {
        assert!(
            wrt.len() == direction.len(),
            "{} variables need as many directions, got {}",
            wrt.len(),
            direction.len()
        );
        self.check_gradient(loss, wrt);
        self.aside(|tape| {
            let first = tape.gradient_taped_with(loss, wrt, Rewind::Auto);
            let mut slope = tape.constant_scalar(T::ZERO);
            for (d, v) in first.vars.iter().zip(direction) {
                let v = tape.constant(tape.shape_of(*d), v);
                let part = tape.dot(*d, v);
                slope = tape.add(slope, part);
            }
            let mut product = tape.gradient(slope, wrt);
            product.residual = max_or_nan(product.residual, first.residual);
            if first.rewind == Rewind::Replay {
                product.rewind = Rewind::Replay;
            }
            product
        })
    }
}
