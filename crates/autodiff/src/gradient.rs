//! Reverse mode: gradients as plain arrays, and gradients recorded on the tape.

use ndarray::{Array2, ArrayView2};

use crate::algebra::{Algebra, MatrixId, Reverse};
use crate::plastic::{self, Companions, Origin, Plastic, Room};
use crate::profile::Profile;
use crate::program::Action;
use crate::real::max_or_nan;
use crate::shape::Shape;
use crate::sweep::{self, Evaluator, Replay};
use crate::{Real, Tape, Var};

/// How the reverse sweep finds plastic matrices as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rewind {
    /// Undo the updates; if the matrices then differ from their initial values by more
    /// than [`Rewind::tolerance`], sweep again with [`Rewind::Replay`].
    #[default]
    Auto,
    /// Undo the updates, whatever comes out. [`Gradient::residual`] tells what did.
    Undo,
    /// Replay the updates from three checkpoints of each matrix: exact, and each of 250
    /// updates is replayed up to ten times.
    Replay,
}

impl Rewind {
    /// The largest residual that [`Rewind::Auto`] accepts: 1024 units of rounding.
    /// An inner loop of 250 steps at the paper's size leaves one or two.
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
    /// How far the matrices that were undone ended from their initial values: the
    /// largest difference over the largest weight. Matrices that the sweep never read
    /// are not undone and do not count; 0 without others.
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

/// # Reverse mode
impl<T: Real> Tape<T> {
    /// dL/dx for each x of `wrt`, as plain arrays. What is recorded stays as it was.
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
                !self.slots.iter().any(|slot| slot.origin == Origin::Fork),
                "a tape that holds recorded gradients cannot be spent"
            );
            self.spent = true;
        }
        if options.rewind == Rewind::Replay {
            return self.sweep_back(loss, wrt, options, true);
        }
        let gradient = self.sweep_back(loss, wrt, options, false);
        // A NaN residual is past any tolerance; with a loss that is no number, though,
        // no way of going back gives one.
        let precise = gradient.residual <= Rewind::tolerance();
        if options.rewind == Rewind::Undo || precise || !self.scalar(loss).is_finite() {
            return gradient;
        }
        self.sweep_back(loss, wrt, options, true)
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

    fn sweep_back(
        &mut self,
        loss: Var,
        wrt: &[Var],
        options: &GradientOptions<'_>,
        replaying: bool,
    ) -> Gradient<T> {
        if let Some(profile) = &mut self.profile {
            profile.resume();
        }
        let needs = sweep::needs(&self.program, loss.index, self.slots.len());
        let workspace = &mut self.workspace;
        let mut adjoints = std::mem::take(&mut workspace.adjoints);
        adjoints.clear();
        adjoints.resize(loss.index() + 1, None);
        let mut replay =
            replaying.then(|| Replay::new(&self.program, &self.slots, &needs, workspace));
        if let (Some(replay), true) = (&mut replay, options.spend) {
            // A sweep before this one may have spent them.
            replay.restore(&self.program, &mut self.slots);
        }
        let mut g = Evaluator::new(&self.program, &mut self.slots, workspace, replay);
        let mut matrices = Vec::with_capacity(needs.len());
        for (slot, needs) in needs.into_iter().enumerate() {
            let matrix = &mut g.matrices.slots[slot];
            let (post, pre, active) = (matrix.store.post, matrix.store.pre, matrix.active);
            let plastic = matrix.origin != Origin::Fixed;
            let w = if plastic && needs.read && !options.spend {
                let mut w = workspace.store(post, pre);
                w.copy_from(&matrix.store);
                g.matrices.add(w)
            } else {
                g.matrices.of_slot(slot)
            };
            let derivative = (plastic && active).then(|| {
                let mut zeros = workspace.store(post, pre);
                zeros.set_zero();
                g.matrices.add(zeros)
            });
            matrices.push(Companions::new(w, derivative, needs));
        }
        adjoints[loss.index()] = Some(g.hold(Shape::SCALAR, &[T::ONE]));
        let end = self.program.nodes.len() as u32;
        let mut profile = self.profile.as_mut();
        if let Some(profile) = &mut profile {
            profile.prepared();
        }
        sweep_rules(
            &mut g,
            end,
            loss,
            &mut adjoints,
            wrt,
            &mut matrices,
            profile,
        );

        let parts = wrt
            .iter()
            .map(|x| {
                let shape = self.program.nodes[x.index()].shape;
                let adjoint = adjoints.get(x.index()).copied().flatten();
                let numbers =
                    adjoint.map_or_else(|| vec![T::ZERO; shape.len()], |a| g.numbers(a).to_vec());
                let by = *x;
                Part { by, shape, numbers }
            })
            .collect();
        let mut residual = T::ZERO;
        for (slot, companions) in matrices.iter().enumerate().filter(|(_, c)| c.read) {
            if let Some(mut start) = g.matrices.slots[slot].initial.take() {
                let distance = g.matrices.get(companions.w).distance(&mut start);
                residual = max_or_nan(residual, distance);
                g.matrices.slots[slot].initial = Some(start);
            }
        }
        let initial = options
            .initial
            .iter()
            .map(|w| {
                let adjoint = matrices[w.slot()].derivative;
                g.matrices
                    .get(adjoint.expect("checked to be plastic"))
                    .array()
            })
            .collect();
        g.finish(&mut self.workspace);
        self.workspace.adjoints = adjoints;
        if let Some(profile) = &mut self.profile {
            profile.finished();
        }
        let rewind = if replaying {
            Rewind::Replay
        } else {
            Rewind::Undo
        };
        Gradient {
            parts,
            initial,
            residual,
            rewind,
        }
    }

    /// dL/dx for each x of `wrt`, recorded on this tape so that it can be
    /// differentiated again. Plastic matrices are carried back in time by further
    /// updates on copies of them, so this too grows by a few vectors a step.
    ///
    /// # Panics
    /// As [`Tape::gradient`].
    #[track_caller]
    pub fn gradient_taped(&mut self, loss: Var, wrt: &[Var]) -> Vec<Var> {
        self.check_gradient(loss, wrt);
        let needs = sweep::needs(&self.program, loss.index, self.slots.len());
        let end = self.program.nodes.len() as u32;
        let mut matrices = Vec::with_capacity(needs.len());
        for (slot, needs) in (0_u32..).zip(needs) {
            let (origin, active) = {
                let matrix = &self.slots[slot as usize];
                (matrix.origin, matrix.active)
            };
            let plastic = origin != Origin::Fixed;
            let w = if plastic && needs.read {
                self.record_fork(slot)
            } else {
                MatrixId(slot)
            };
            let derivative = (plastic && active).then(|| self.zeros_like(slot));
            matrices.push(Companions::new(w, derivative, needs));
        }
        let mut adjoints = vec![None; loss.index() + 1];
        adjoints[loss.index()] = Some(self.constant_scalar(T::ONE));
        sweep_rules(self, end, loss, &mut adjoints, wrt, &mut matrices, None);
        wrt.iter()
            .map(|x| {
                let shape = self.program.nodes[x.index()].shape;
                adjoints
                    .get(x.index())
                    .copied()
                    .flatten()
                    .unwrap_or_else(|| Algebra::constant(self, shape, 0.0))
            })
            .collect()
    }

    /// The Hessian of `loss` by `wrt` times the vector `direction`: Σⱼ ∂²L/∂xᵢ∂xⱼ vⱼ,
    /// by differentiating the recorded gradient. `direction` has one slice for each
    /// variable, row by row.
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
        let gradient = self.gradient_taped(loss, wrt);
        let mut slope = self.constant_scalar(T::ZERO);
        for (d, v) in gradient.iter().zip(direction) {
            // A variable, so that its zeros are not taken as structural.
            let v = self.variable(self.shape_of(*d), v);
            let part = self.dot(*d, v);
            slope = self.add(slope, part);
        }
        self.gradient(slope, wrt)
    }
}

/// Takes back what was done to matrices between `loss` and node `end`, and runs the
/// reverse rules from `loss` to the first node.
fn sweep_rules<A: Algebra>(
    g: &mut A,
    end: u32,
    loss: Var,
    adjoints: &mut [Option<A::Value>],
    wrt: &[Var],
    matrices: &mut [Companions<A::Value>],
    mut profile: Option<&mut Profile>,
) {
    // Adjoints of inputs are kept anyway.
    let kept: Vec<u32> = wrt
        .iter()
        .map(|x| x.index)
        .filter(|i| g.program().nodes[*i as usize].action != Action::Input)
        .collect();
    let mut room = Room::default();
    for node in (loss.index + 1..end).rev() {
        if let Action::Plastic(op) = g.program().nodes[node as usize].action {
            plastic::unwind(op, g, node, matrices, &mut room);
            g.end_of_rule();
        }
    }
    for node in (0..=loss.index).rev() {
        let recorded = g.program().nodes[node as usize];
        let adjoint = adjoints[node as usize];
        match recorded.action {
            Action::Input => continue,
            Action::Pure(op) => {
                let (Some(adjoint), true) = (adjoint, recorded.active) else {
                    continue;
                };
                op.reverse(&mut Reverse {
                    algebra: g,
                    node,
                    adjoint: Some(adjoint),
                    adjoints,
                });
            }
            Action::Plastic(op) => {
                let silent = adjoint.is_none() || !recorded.active;
                if silent && !plastic::changes_matrix(op) {
                    continue;
                }
                let mut cx = Reverse {
                    algebra: g,
                    node,
                    adjoint,
                    adjoints,
                };
                plastic::reverse(op, &mut cx, matrices, &mut room);
            }
        }
        if let Some(adjoint) = adjoint
            && !kept.contains(&node)
        {
            adjoints[node as usize] = None;
            g.release(adjoint);
        }
        g.end_of_rule();
        if let Some(profile) = &mut profile {
            profile.swept(recorded.action);
        }
    }
}
