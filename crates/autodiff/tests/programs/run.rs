//! A drawn program, recorded on a tape in one of several ways.

use autodiff::{Outer, Plastic, Real, Shape, Tape, Var};
use ndarray::Array2;

use crate::draw::{Kind, Matrix, On, Program, Sizes, Step};
use crate::functions;

/// In what way to record a program.
#[derive(Clone, Copy, Default)]
pub(crate) struct How<'a> {
    /// How far the variables are moved along their directions.
    pub(crate) along: f64,
    /// How far the initial matrices are moved along theirs.
    pub(crate) weights_along: f64,
    /// Whether every input is off by one unit of f32's rounding.
    pub(crate) jitter: bool,
    /// Whether constants are variables too, so that nothing is structurally zero.
    pub(crate) all_variables: bool,
    /// Matrices that detached products read instead of the present ones.
    pub(crate) frozen: Option<&'a [Array2<f64>]>,
    /// Adds a variable that is zero to the value of this step.
    pub(crate) nudged: Option<usize>,
}

/// A recorded program.
pub(crate) struct Recording<T> {
    pub(crate) tape: Tape<T>,
    pub(crate) variables: Vec<Var>,
    pub(crate) constants: Vec<Var>,
    pub(crate) matrices: Vec<Plastic>,
    pub(crate) loss: Var,
    /// The value of each step before the loss; None for updates.
    pub(crate) results: Vec<Option<Var>>,
    /// All values before the loss, inputs included.
    pub(crate) all: Vec<Var>,
    /// What detached products read.
    pub(crate) detached: Vec<Array2<f64>>,
    /// The variable of [`How::nudged`].
    pub(crate) nudge: Option<Var>,
}

/// A number within ±1 for each (seed, input, entry), one that f32 holds exactly.
pub(crate) fn number(seed: u64, input: usize, entry: usize) -> f64 {
    // SplitMix64.
    let mut x = seed
        .wrapping_add((input as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add((entry as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    (x >> 41) as f64 / (1_u64 << 22) as f64 - 1.0
}

/// Inputs of directions are numbered from here on, those of matrices from the other.
const DIRECTIONS: usize = 1000;
const MATRICES: usize = 2000;

/// The direction of the k-th variable.
pub(crate) fn direction(program: &Program, k: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| number(program.seed, DIRECTIONS + k, i))
        .collect()
}

/// The direction of the k-th matrix, in proportion to its rows.
pub(crate) fn weights_direction(
    program: &Program,
    k: usize,
    rows: usize,
    cols: usize,
) -> Array2<f64> {
    Array2::from_shape_fn((rows, cols), |(i, j)| {
        number(program.seed, MATRICES + DIRECTIONS + k, i * cols + j) * program.row_size(k, i)
    })
}

/// The size of small rows: a power of two, so that scaling by it loses nothing.
const SMALL: f64 = 1.0 / (1_u64 << 34) as f64;

impl Program {
    fn shape(&self, kind: Kind) -> Shape {
        match kind {
            Kind::Scalar => Shape::SCALAR,
            Kind::Column => Shape::vector(self.cols),
            Kind::Row => Shape::vector(self.rows),
            Kind::Columns => Shape::matrix(self.batch, self.cols),
            Kind::Rows => Shape::matrix(self.batch, self.rows),
        }
    }

    /// Whether row `i` of the square matrix is one of the small.
    fn is_small(&self, i: usize) -> bool {
        match self.sizes {
            Sizes::Alike => false,
            Sizes::Uneven { even, .. } => i.is_multiple_of(2) == even,
            Sizes::Tiny => true,
        }
    }

    /// The size that row `i` of the k-th matrix starts with.
    fn row_size(&self, k: usize, i: usize) -> f64 {
        if k == Matrix::Square as usize && self.is_small(i) {
            SMALL
        } else {
            1.0
        }
    }

    /// Records the program.
    pub(crate) fn record<T: Real>(&self, how: How<'_>) -> Recording<T> {
        let mut recorder = Recorder {
            program: self,
            how,
            tape: Tape::new(),
            pools: Default::default(),
            inputs: 0,
            variables: Vec::new(),
            constants: Vec::new(),
            all: Vec::new(),
            detached: Vec::new(),
            nudge: None,
            tiny: self.sizes == Sizes::Tiny,
        };
        let mask = recorder.inputs();
        let mut w: Vec<Plastic> = [Matrix::Square, Matrix::Zero, Matrix::Oblong, Matrix::Fixed]
            .iter()
            .enumerate()
            .map(|(k, matrix)| recorder.matrix(k, *matrix))
            .collect();
        let mut results = Vec::new();
        for (i, step) in self.steps[..self.loss_after].iter().enumerate() {
            let result = recorder.step(step, i, mask, &mut w);
            results.push(result);
        }
        let loss = recorder.loss();
        let all = std::mem::take(&mut recorder.all);
        for (i, step) in self.steps.iter().enumerate().skip(self.loss_after) {
            recorder.step(step, i, mask, &mut w);
        }
        Recording {
            tape: recorder.tape,
            variables: recorder.variables,
            constants: recorder.constants,
            matrices: w,
            loss,
            results,
            all,
            detached: recorder.detached,
            nudge: recorder.nudge,
        }
    }
}

struct Recorder<'a, T> {
    program: &'a Program,
    how: How<'a>,
    tape: Tape<T>,
    pools: [Vec<Var>; 5],
    inputs: usize,
    variables: Vec<Var>,
    constants: Vec<Var>,
    all: Vec<Var>,
    detached: Vec<Array2<f64>>,
    nudge: Option<Var>,
    /// Whether the square matrix is, or has been scaled down to it.
    tiny: bool,
}

impl<T: Real> Recorder<'_, T> {
    /// Fills the pools, and returns the mask of columns.
    fn inputs(&mut self) -> Var {
        for (k, s) in self.program.scalars.into_iter().enumerate() {
            self.input(Kind::Scalar, k < 3, &mut |_| f64::from(s as f32));
        }
        let seed = self.program.seed;
        // Half of a vector's numbers, and one at least.
        let masked = |k: usize| {
            move |i: usize| {
                let x = number(seed, k, i);
                if i.is_multiple_of(2) {
                    x.abs() + 0.25
                } else {
                    0.0
                }
            }
        };
        let full = |k: usize| move |i: usize| number(seed, k, i);
        self.input(Kind::Column, true, &mut full(10));
        let mask = self.input(Kind::Column, false, &mut masked(11));
        self.input(Kind::Column, true, &mut full(12));
        self.input(Kind::Column, false, &mut full(13));
        self.input(Kind::Row, true, &mut full(14));
        self.input(Kind::Row, false, &mut masked(15));
        self.input(Kind::Columns, true, &mut full(16));
        self.input(Kind::Columns, false, &mut masked(17));
        self.input(Kind::Rows, true, &mut full(18));
        self.input(Kind::Rows, false, &mut full(19));
        mask
    }

    fn input(&mut self, kind: Kind, variable: bool, of: &mut dyn FnMut(usize) -> f64) -> Var {
        let shape = self.program.shape(kind);
        let mut numbers: Vec<f64> = (0..shape.len()).map(of).collect();
        if variable {
            let along = direction(self.program, self.variables.len(), shape.len());
            for (x, d) in numbers.iter_mut().zip(along) {
                *x += self.how.along * d;
            }
        }
        self.jitter(&mut numbers);
        let numbers: Vec<T> = numbers.into_iter().map(T::from_f64).collect();
        let x = if variable || self.how.all_variables {
            self.tape.variable(shape, &numbers)
        } else {
            self.tape.constant(shape, &numbers)
        };
        if variable {
            self.variables.push(x);
        } else {
            self.constants.push(x);
        }
        self.put(kind, x);
        x
    }

    fn jitter(&mut self, numbers: &mut [f64]) {
        if self.how.jitter {
            for (i, x) in numbers.iter_mut().enumerate() {
                let up = number(self.program.seed, 5000 + self.inputs, i) > 0.0;
                *x *= if up { 1.0 } else { -1.0 } * f64::from(f32::EPSILON) + 1.0;
            }
        }
        self.inputs += 1;
    }

    fn matrix(&mut self, k: usize, matrix: Matrix) -> Plastic {
        let cols = self.program.cols;
        let rows = self.program.shape(matrix.rows()).cols;
        let mut w = Array2::from_shape_fn((rows, cols), |(i, j)| match matrix {
            Matrix::Zero => 0.0,
            _ => {
                number(self.program.seed, MATRICES + k, i * cols + j) * self.program.row_size(k, i)
            }
        });
        self.jitter(w.as_slice_mut().expect("a new array is in order"));
        if matrix != Matrix::Fixed {
            w += &(weights_direction(self.program, k, rows, cols) * self.how.weights_along);
        }
        let w = w.mapv(T::from_f64);
        match matrix {
            Matrix::Fixed => self.tape.fixed(w.view()),
            _ => self.tape.plastic(w.view()),
        }
    }

    fn put(&mut self, kind: Kind, x: Var) {
        self.pools[kind as usize].push(x);
        self.all.push(x);
    }

    fn pick(&self, kind: Kind, i: usize) -> Var {
        let pool = &self.pools[kind as usize];
        // The newest first: programs are deep, not only wide.
        pool[pool.len() - 1 - i % pool.len()]
    }

    /// A product with a matrix, or what is to be one, without the sizes of its rows.
    fn of_one_size(&mut self, matrix: Matrix, x: Var) -> Var {
        self.by_row(matrix, x, |program, i| {
            1.0 / program.row_size(Matrix::Square as usize, i)
        })
    }

    /// The vector of a term for the rows of a matrix.
    fn of_term(&mut self, matrix: Matrix, x: Var) -> Var {
        self.by_row(matrix, x, |program, i| match program.sizes {
            Sizes::Uneven {
                small_learn: true, ..
            } if !program.is_small(i) => 0.0,
            _ => program.row_size(Matrix::Square as usize, i),
        })
    }

    fn by_row(&mut self, matrix: Matrix, x: Var, factor: fn(&Program, usize) -> f64) -> Var {
        let uneven = matches!(self.program.sizes, Sizes::Uneven { .. });
        if matrix != Matrix::Square || !uneven {
            return x;
        }
        let shape = self.tape.shape_of(x);
        let factors: Vec<T> = (0..shape.len())
            .map(|i| T::from_f64(factor(self.program, i % shape.cols)))
            .collect();
        let factors = self.tape.constant(shape, &factors);
        self.tape.mul(x, factors)
    }

    fn step(&mut self, step: &Step, index: usize, mask: Var, w: &mut [Plastic]) -> Option<Var> {
        let (kind, y) = self.apply(step, mask, w)?;
        let mut y = y;
        if self.how.nudged == Some(index) {
            let shape = self.tape.shape_of(y);
            let nudge = self.tape.variable(shape, &vec![T::ZERO; shape.len()]);
            self.nudge = Some(nudge);
            y = self.tape.add(y, nudge);
        }
        self.put(kind, y);
        Some(y)
    }

    /// The kind and value of a step; None for an update.
    fn apply(&mut self, step: &Step, mask: Var, w: &mut [Plastic]) -> Option<(Kind, Var)> {
        Some(match *step {
            Step::Map(map, kind, x) => {
                let x = self.pick(kind, x);
                (kind, functions::map(&mut self.tape, map, x))
            }
            Step::Zip(zip, kind, a, b) => {
                let (a, b) = (self.pick(kind, a), self.pick(kind, b));
                (kind, functions::zip(&mut self.tape, zip, a, b))
            }
            Step::Arrange(arrange, kind, x) => {
                let x = self.pick(kind, x);
                (kind, functions::arrange(&mut self.tape, arrange, x))
            }
            Step::Signed(batch, e) => {
                let e = self.pick(Kind::Column.batch(batch), e);
                let [signs, sizes] = [Matrix::Square, Matrix::Fixed].map(|k| &w[k as usize]);
                // The signs of tiny weights turn within any step of differences.
                let u = if self.tiny {
                    self.tape.matvec_t(sizes, e)
                } else {
                    self.tape.signed_matvec_t((signs, sizes), e, None)
                };
                (Kind::Column.batch(batch), u)
            }
            Step::From {
                start,
                y,
                scale,
                by,
            } => {
                let start = self.pick(Kind::Columns, start);
                let (y, by) = (self.pick(Kind::Column, y), self.pick(Kind::Column, by));
                let scale = scale.map(|s| self.pick(Kind::Scalar, s));
                let t = &mut self.tape;
                let mut w = t.plastic_from(start);
                let z = t.matvec(&w, y);
                let z = t.tanh(z);
                t.update(&mut w, scale, &[Outer::new(z, by)]);
                let z = t.matvec(&w, by);
                let z = t.tanh(z);
                (Kind::Column, t.matvec_t(&w, z))
            }
            Step::Scale(kind, s, x) => {
                let (s, x) = (self.pick(Kind::Scalar, s), self.pick(kind, x));
                (kind, self.tape.scale(s, x))
            }
            Step::Combine(kind, ref pairs) => {
                let terms: Vec<(Var, Var)> = pairs
                    .iter()
                    .map(|(s, x)| (self.pick(Kind::Scalar, *s), self.pick(kind, *x)))
                    .collect();
                (kind, self.tape.combine(&terms))
            }
            Step::Sum(kind, x) => {
                let total = self.tape.sum(self.pick(kind, x));
                (Kind::Scalar, self.tape.tanh(total))
            }
            Step::Dot(kind, a, b) => {
                let (a, b) = (self.pick(kind, a), self.pick(kind, b));
                let product = self.tape.dot(a, b);
                (Kind::Scalar, self.tape.tanh(product))
            }
            Step::Matvec(matrix, batch, y) => {
                let y = self.pick(Kind::Column.batch(batch), y);
                let z = self.tape.matvec(&w[matrix as usize], y);
                let z = self.of_one_size(matrix, z);
                (matrix.rows().batch(batch), z)
            }
            Step::MatvecT {
                w: matrix,
                batch,
                e,
                detached,
                on,
            } => {
                let e = self.pick(matrix.rows().batch(batch), e);
                let e = self.of_one_size(matrix, e);
                // Masks belong to single vectors.
                let on = if batch { On::Everywhere } else { on };
                let u = self.matvec_t(&w[matrix as usize], e, detached, on, mask);
                (Kind::Column.batch(batch), u)
            }
            Step::Update {
                w: matrix,
                scale,
                ref terms,
            } => {
                let scale = scale.map(|s| self.pick(Kind::Scalar, s));
                if let (Matrix::Square, Some(s)) = (matrix, scale) {
                    self.tiny |= self.tape.scalar(s).to_f64().abs() < 0.01;
                }
                let terms: Vec<Outer> = terms
                    .iter()
                    .map(|term| Outer {
                        scale: term.scale.map(|s| self.pick(Kind::Scalar, s)),
                        post: {
                            let post = self.pick(matrix.rows().batch(term.batch), term.post);
                            self.of_term(matrix, post)
                        },
                        pre: self.pick(Kind::Column.batch(term.batch), term.pre),
                    })
                    .collect();
                self.tape.update(&mut w[matrix as usize], scale, &terms);
                return None;
            }
        })
    }

    fn matvec_t(&mut self, w: &Plastic, e: Var, detached: bool, on: On, mask: Var) -> Var {
        let frozen;
        let (w, detached) = if detached {
            self.detached.push(self.tape.matrix(w).mapv(T::to_f64));
            match self.how.frozen {
                Some(matrices) => {
                    let numbers = matrices[self.detached.len() - 1].mapv(T::from_f64);
                    frozen = self.tape.fixed(numbers.view());
                    (&frozen, false)
                }
                None => (w, true),
            }
        } else {
            (w, false)
        };
        match on {
            On::Everywhere if detached => self.tape.matvec_t_detached(w, e),
            On::Everywhere => self.tape.matvec_t(w, e),
            On::Mask => {
                let u = self.tape.matvec_t_where(w, e, detached, mask);
                self.tape.mul(u, mask)
            }
            On::Gate => self.tape.matvec_t_gated(w, e, detached, mask, 1.5),
        }
    }

    /// Squares and sums of what was computed last of every kind.
    fn loss(&mut self) -> Var {
        let mut loss = self.tape.constant_scalar(T::ZERO);
        for kind in Kind::ALL {
            let pool = self.pools[kind as usize].clone();
            for (i, x) in pool.into_iter().rev().take(2).enumerate() {
                let y = self.tape.affine(x, 1.0, 0.25 * (1.0 + i as f64));
                let part = self.tape.dot(y, x);
                loss = self.tape.add(loss, part);
            }
        }
        loss
    }
}
