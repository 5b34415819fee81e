//! The tape: values, how they were computed, and plastic matrices.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use crate::Real;
use crate::ops::Op;
use crate::plastic::Slot;
use crate::profile::Profile;
use crate::program::{Action, Heading, Mark, Node, Program, Var};
use crate::shape::Shape;
use crate::support::Support;
use crate::sweep::Workspace;

/// A record of computations on values, which can be differentiated.
///
/// A flat list: each operation is evaluated when it is called, its value stored
/// behind the earlier ones. Derivatives are sweeps over that list, see
/// [`Tape::gradient`], [`Tape::gradient_taped`] and [`Tape::tangent`].
///
/// ```
/// use autodiff::Tape;
///
/// let mut tape = Tape::<f64>::new();
/// let x = tape.variable_scalar(3.0);
/// let y = tape.mul(x, x);
/// assert_eq!(tape.gradient(y, &[x]).scalar(0), 6.0);
/// ```
#[derive(Debug)]
pub struct Tape<T> {
    pub(crate) program: Program<T>,
    pub(crate) slots: Vec<Slot<T>>,
    pub(crate) workspace: Workspace<T>,
    /// Kept between calls so that recording does not allocate.
    pub(crate) inputs: Vec<Var>,
    /// What operations cost, while somebody wants to know.
    pub(crate) profile: Option<Profile>,
    /// Whether plastic matrices were taken back in time for good.
    pub(crate) spent: bool,
}

/// How much a tape had recorded at some time, see [`Tape::extent`].
#[derive(Clone, Copy, Debug)]
pub struct Extent(Mark);

impl<T: Real> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Tape {
            program: Program::new(),
            slots: Vec::new(),
            workspace: Workspace::default(),
            inputs: Vec::new(),
            profile: None,
            spent: false,
        }
    }

    /// Forgets everything recorded and keeps the memory for what comes next.
    pub fn clear(&mut self) {
        self.program.clear();
        self.spent = false;
        self.workspace.recycle(&mut self.slots, 0);
        if let Some(profile) = &mut self.profile {
            profile.resume();
        }
    }

    /// Runs `f` and then forgets what it recorded, matrices included: memory is what it was
    /// before, however often this is done. Handles that `f` returns are void.
    ///
    /// # Panics
    /// If `f` changed a plastic matrix that was there before, or cleared or spent the tape.
    #[track_caller]
    pub fn aside<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        let (mark, slots) = (self.program.mark(), self.slots.len());
        let first = self.program.nodes.last().map(|_| self.program.var(0));
        let result = f(self);
        let cleared = self.slots.len() < slots
            || self.program.nodes.len() < mark.nodes
            || first.is_some_and(|first| !self.program.has(first));
        let changes = |node: &Node| node.action.changes().is_some_and(|w| w.index() < slots);
        assert!(
            !cleared && !self.spent && !self.program.nodes[mark.nodes..].iter().any(changes),
            "what is computed aside must leave plastic matrices as they are"
        );
        self.forget_since(mark, slots);
        result
    }

    /// Forgets what was recorded since `mark`, when there were so many matrices.
    pub(crate) fn forget_since(&mut self, mark: Mark, slots: usize) {
        self.program.forget_since(mark);
        self.workspace.recycle(&mut self.slots, slots);
    }

    /// How much is recorded by now.
    pub fn extent(&self) -> Extent {
        Extent(self.program.mark())
    }

    /// Makes room for `times` more of what was recorded since `before`. Without it a tape
    /// grows by doubling, which may take twice the memory it needs, and leave the places
    /// that it outgrew unused.
    ///
    /// # Panics
    /// If less is recorded than at `before`.
    #[track_caller]
    pub fn reserve_repeats(&mut self, before: Extent, times: usize) {
        let Extent(before) = before;
        let Program {
            nodes,
            edges,
            values,
            ..
        } = &mut self.program;
        assert!(
            before.nodes <= nodes.len()
                && before.edges <= edges.len()
                && before.values <= values.len(),
            "the tape was cleared since"
        );
        nodes.reserve_exact((nodes.len() - before.nodes) * times);
        edges.reserve_exact((edges.len() - before.edges) * times);
        values.reserve((values.len() - before.values) * times);
    }

    /// How many values have been recorded.
    pub fn len(&self) -> usize {
        self.program.nodes.len()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.program.nodes.is_empty()
    }

    /// Bytes that what is recorded takes: values, operations, structural zeros, plastic
    /// matrices and their copies, not counting memory kept for later use.
    pub fn bytes(&self) -> usize {
        self.program.bytes() + self.slots.iter().map(Slot::bytes).sum::<usize>()
    }

    /// Bytes that what is recorded and its sweeps take together: [`Tape::bytes`], and the
    /// memory that past sweeps left for the next.
    pub fn footprint(&self) -> usize {
        self.bytes() + self.workspace.bytes()
    }

    /// A value that derivatives can be taken with respect to.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable(autodiff::Shape::matrix(2, 2), &[1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(tape.array(x), ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    /// ```
    ///
    /// # Panics
    /// If `values` does not have as many numbers as `shape` asks for.
    #[track_caller]
    pub fn variable(&mut self, shape: Shape, values: &[T]) -> Var {
        self.input(shape, values, Support::DENSE, true)
    }

    /// A value that is given: derivatives with respect to it are zero.
    ///
    /// If a quarter of the numbers of a vector or more are zeros, they count as structural:
    /// work with them is saved, and a product with one of them is 0 even if the other factor
    /// is infinite or no number.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let c = tape.constant(autodiff::Shape::vector(2), &[1.0, 0.0]);
    /// let x = tape.variable_vector(&[5.0, f64::INFINITY]);
    /// let kept = tape.keep(c, x);
    /// assert_eq!(tape.value(kept), [5.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// As [`Tape::variable`].
    #[track_caller]
    pub fn constant(&mut self, shape: Shape, values: &[T]) -> Var {
        let support = if shape.rows == 1 && shape.cols > 1 {
            self.program.supports.of_constant(values)
        } else {
            Support::DENSE
        };
        self.input(shape, values, support, false)
    }

    /// A constant matrix, or vector, filled by `number(i)` for the i-th of its numbers,
    /// row by row. As [`Tape::constant`], without an array to copy from.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.constant_with(autodiff::Shape::vector(3), |i| i as f64);
    /// assert_eq!(tape.value(x), [0.0, 1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If `shape` is empty.
    #[track_caller]
    pub fn constant_with(&mut self, shape: Shape, number: impl FnMut(usize) -> T) -> Var {
        want_numbers(shape);
        let numbers = (0..shape.len()).map(number);
        let x = self.append_input(shape, Support::DENSE, false, numbers);
        if shape.rows == 1 && shape.cols > 1 {
            let program = &mut self.program;
            let node = &mut program.nodes[x.index()];
            let values = program.values.get(node.offset..program.values.len());
            node.support = program.supports.of_constant(values);
        }
        x
    }

    /// A variable with the numbers of an array, whatever its layout.
    ///
    /// ```
    /// use ndarray::array;
    /// let a = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_array(a.t());
    /// assert_eq!(tape.value(x), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    /// ```
    pub fn variable_array(&mut self, values: ArrayView2<'_, T>) -> Var {
        let shape = Shape::matrix(values.nrows(), values.ncols());
        self.variable(shape, row_by_row(&values.as_standard_layout()))
    }

    /// A constant with the numbers of an array, whatever its layout.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.constant_array(ndarray::array![[1.0, 2.0]].view());
    /// assert_eq!(tape.value(x), [1.0, 2.0]);
    /// ```
    pub fn constant_array(&mut self, values: ArrayView2<'_, T>) -> Var {
        let shape = Shape::matrix(values.nrows(), values.ncols());
        self.constant(shape, row_by_row(&values.as_standard_layout()))
    }

    /// A variable of one number.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_scalar(3.0);
    /// assert_eq!(tape.scalar(x), 3.0);
    /// ```
    pub fn variable_scalar(&mut self, value: T) -> Var {
        self.variable(Shape::SCALAR, &[value])
    }

    /// A constant of one number.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let two = tape.constant_scalar(2.0);
    /// assert_eq!(tape.scalar(two), 2.0);
    /// ```
    pub fn constant_scalar(&mut self, value: T) -> Var {
        self.constant(Shape::SCALAR, &[value])
    }

    /// A variable vector (one row).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_vector(&[3.0, 4.0]);
    /// assert_eq!(tape.value(x), [3.0, 4.0]);
    /// ```
    pub fn variable_vector(&mut self, values: &[T]) -> Var {
        self.variable(Shape::vector(values.len()), values)
    }

    /// A constant vector (one row).
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.constant_vector(&[3.0, 4.0]);
    /// assert_eq!(tape.value(x), [3.0, 4.0]);
    /// ```
    pub fn constant_vector(&mut self, values: &[T]) -> Var {
        self.constant(Shape::vector(values.len()), values)
    }

    #[track_caller]
    fn input(&mut self, shape: Shape, values: &[T], support: Support, active: bool) -> Var {
        assert!(
            values.len() == shape.len(),
            "a value of shape {shape} needs {} numbers, got {}",
            shape.len(),
            values.len()
        );
        want_numbers(shape);
        self.append_input(shape, support, active, values.iter().copied())
    }

    fn append_input(
        &mut self,
        shape: Shape,
        support: Support,
        active: bool,
        numbers: impl Iterator<Item = T>,
    ) -> Var {
        let heading = Heading {
            action: Action::Input,
            shape,
            support,
            active,
        };
        let x = self.program.append_input(heading, numbers);
        self.charge_recording();
        x
    }

    /// The numbers of a value, row by row.
    ///
    /// # Panics
    /// If `x` belongs to another tape or to before [`Tape::clear`].
    #[track_caller]
    pub fn value(&self, x: Var) -> &[T] {
        self.check(x);
        self.program.value(x.index)
    }

    /// The number of a scalar.
    ///
    /// # Panics
    /// If `x` is no scalar, or not of this tape.
    #[track_caller]
    pub fn scalar(&self, x: Var) -> T {
        let shape = self.shape_of(x);
        assert!(
            shape == Shape::SCALAR,
            "a value of shape {shape} is no scalar"
        );
        self.program.value(x.index)[0]
    }

    /// The value as an array.
    ///
    /// # Panics
    /// If `x` is not of this tape.
    #[track_caller]
    pub fn array(&self, x: Var) -> Array2<T> {
        self.view(x).to_owned()
    }

    #[track_caller]
    pub(crate) fn view(&self, x: Var) -> ArrayView2<'_, T> {
        let shape = self.shape_of(x);
        ArrayView2::from_shape((shape.rows, shape.cols), self.value(x))
            .expect("a value has as many numbers as its shape asks for")
    }

    /// The shape of a value.
    ///
    /// # Panics
    /// If `x` is not of this tape.
    #[track_caller]
    pub fn shape_of(&self, x: Var) -> Shape {
        self.check(x);
        self.program.nodes[x.index()].shape
    }

    /// Whether a value depends on a variable.
    pub(crate) fn is_active(&self, x: Var) -> bool {
        self.program.nodes[x.index()].active
    }

    #[track_caller]
    pub(crate) fn check(&self, x: Var) {
        assert!(
            self.program.has(x),
            "this value belongs to another tape, or to a time before this one was cleared or \
             its `aside` was over"
        );
    }

    #[track_caller]
    pub(crate) fn check_unspent(&self) {
        assert!(
            !self.spent,
            "a gradient has spent this tape; clear it before matrices are used again"
        );
    }

    /// The constant 1, recorded once.
    pub(crate) fn one(&mut self) -> Var {
        let index = match self.program.one {
            Some(index) => index,
            None => self.constant_scalar(T::ONE).index,
        };
        self.program.one = Some(index);
        self.program.var(index)
    }

    /// Evaluates `op` and records it.
    #[track_caller]
    pub(crate) fn record(&mut self, op: Op, inputs: &[Var]) -> Var {
        for x in inputs {
            self.check(*x);
        }
        let nodes = &self.program.nodes;
        let shape = op.shape(inputs.len(), &|i| nodes[inputs[i].index()].shape);
        let support = op.support(inputs.len(), &|i| nodes[inputs[i].index()].support);
        want_numbers(shape);
        let heading = Heading {
            action: Action::Pure(op),
            shape,
            support,
            active: op.is_differentiable() && inputs.iter().any(|x| nodes[x.index()].active),
        };
        let y = self
            .program
            .append(heading, inputs, |x, y| T::value(op, x, y));
        self.charge_recording();
        y
    }
}

/// The numbers of an array in standard layout.
fn row_by_row<'a, T>(values: &'a CowArray<'_, T, Ix2>) -> &'a [T] {
    let numbers = values.as_slice();
    numbers.expect("standard layout is row by row")
}

/// Panics if a value would have no numbers.
#[track_caller]
fn want_numbers(shape: Shape) {
    assert!(
        !shape.is_empty(),
        "a value needs a row and a column at least, got shape {shape}"
    );
}
