//! Programs drawn at random over a small pool of values that are used again and again.

use proptest::prelude::*;

/// The shape of a value. Equal kinds share a pool, from which operations draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    /// A vector over the columns of every matrix, and over the rows of square ones.
    Column,
    /// A vector over the rows of the matrix that is not square.
    Row,
    /// Several vectors of [`Kind::Column`].
    Columns,
    /// Several vectors of [`Kind::Row`].
    Rows,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [
        Kind::Scalar,
        Kind::Column,
        Kind::Row,
        Kind::Columns,
        Kind::Rows,
    ];

    /// As many vectors as there are in a batch.
    pub(crate) fn batch(self, batch: bool) -> Kind {
        match (self, batch) {
            (Kind::Column, true) => Kind::Columns,
            (Kind::Row, true) => Kind::Rows,
            (kind, _) => kind,
        }
    }
}

/// The matrices of every program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matrix {
    Square,
    /// A square one that starts at zero.
    Zero,
    /// One with more rows or fewer than columns.
    Oblong,
    /// A square one that cannot change.
    Fixed,
}

impl Matrix {
    /// The kind of its rows' vectors, what it makes of a [`Kind::Column`].
    pub(crate) fn rows(self) -> Kind {
        match self {
            Matrix::Oblong => Kind::Row,
            _ => Kind::Column,
        }
    }
}

/// A function of one value, number by number or row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Map {
    Tanh,
    Sigmoid,
    Softmax,
    ExpM1,
    Affine,
    Softplus,
    Sin,
    Cos,
    Square,
    Cube,
    Abs,
    Relu,
    Clamp,
    /// ln(1 + x²), √(1 + x²) and 1/(1 + x²).
    Ln,
    Sqrt,
    Recip,
    Exp,
    LogSoftmax,
}

impl Map {
    const ALL: [Map; 18] = [
        Map::Tanh,
        Map::Sigmoid,
        Map::Softmax,
        Map::ExpM1,
        Map::Affine,
        Map::Softplus,
        Map::Sin,
        Map::Cos,
        Map::Square,
        Map::Cube,
        Map::Abs,
        Map::Relu,
        Map::Clamp,
        Map::Ln,
        Map::Sqrt,
        Map::Recip,
        Map::Exp,
        Map::LogSoftmax,
    ];
}

/// A function of two values of one shape.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Zip {
    Add,
    Sub,
    Mul,
    Gate,
    /// a/(2 + tanh b).
    Div,
    Max,
    Min,
    /// a where b is positive, b elsewhere.
    Select,
    /// b where a is positive, zero elsewhere.
    Keep,
    /// An operation with a reverse rule of its own, a·sin b.
    Custom,
    /// (a bᵀ) b, over all rows.
    Gram,
    /// The same, row by row.
    GramByRow,
    /// Cross-entropy of the logits a with the targets softmax(b), on every number.
    CrossEntropy,
}

impl Zip {
    const ALL: [Zip; 13] = [
        Zip::Add,
        Zip::Sub,
        Zip::Mul,
        Zip::Gate,
        Zip::Div,
        Zip::Max,
        Zip::Min,
        Zip::Select,
        Zip::Keep,
        Zip::Custom,
        Zip::Gram,
        Zip::GramByRow,
        Zip::CrossEntropy,
    ];
}

/// What moves numbers about, or makes a row or a column of them interact. Its result has
/// the shape of what it is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arrange {
    /// There and back, with a square in between.
    Transpose,
    Reshape,
    /// The first column becomes the last.
    Rotate,
    /// The first column is lost, the others move, a zero comes behind.
    Shift,
    /// Rows by number, some of them twice.
    Gather,
    /// Rows added up where they meet.
    Scatter,
    /// Rows scaled by their mean, columns by theirs.
    RowScale,
    ColScale,
    /// The tanh of a row's sum, or a column's, on all of it.
    RowFill,
    ColFill,
    RowAdd,
    ColAdd,
}

impl Arrange {
    const ALL: [Arrange; 12] = [
        Arrange::Transpose,
        Arrange::Reshape,
        Arrange::Rotate,
        Arrange::Shift,
        Arrange::Gather,
        Arrange::Scatter,
        Arrange::RowScale,
        Arrange::ColScale,
        Arrange::RowFill,
        Arrange::ColFill,
        Arrange::RowAdd,
        Arrange::ColAdd,
    ];
}

/// A term s·a ⊗ b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) scale: Option<usize>,
    pub(crate) batch: bool,
    pub(crate) post: usize,
    pub(crate) pre: usize,
}

/// Where Wᵀe is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Everywhere,
    /// Where the mask is not zero, then multiplied by it.
    Mask,
    /// As the mask gates it.
    Gate,
}

/// An operation; numbers choose from the pool of a kind, modulo how many are there.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Map(Map, Kind, usize),
    Zip(Zip, Kind, usize, usize),
    Arrange(Arrange, Kind, usize),
    Scale(Kind, usize, usize),
    Combine(Kind, Vec<(usize, usize)>),
    Sum(Kind, usize),
    Dot(Kind, usize, usize),
    Matvec(Matrix, bool, usize),
    MatvecT {
        w: Matrix,
        batch: bool,
        e: usize,
        detached: bool,
        on: On,
    },
    /// Eᵀ with the signs of the square matrix and the sizes of the fixed one.
    Signed(bool, usize),
    /// A matrix whose initial value is a batch of vectors: read, updated by what was read,
    /// and read the other way.
    From {
        start: usize,
        y: usize,
        scale: Option<usize>,
        by: usize,
    },
    Update {
        w: Matrix,
        scale: Option<usize>,
        terms: Vec<Term>,
    },
}

/// What the scalars of the pool may be: what scales a matrix away, hardly at all, turns
/// it round, and in between.
const SCALARS: [f64; 8] = [0.0, 1e-8, 1e-3, -1.0, 0.5, 0.9, 1.0, 1.5];

/// How large the square matrix's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sizes {
    Alike,
    /// Some so small that rounding of the others is more than they are. Their products are
    /// scaled, so that nothing else has their size.
    Uneven {
        /// Whether the even ones are small, or the odd ones.
        even: bool,
        /// Whether the small ones alone are updated.
        small_learn: bool,
    },
    /// At the start all are small beside what updates add.
    Tiny,
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Of the numbers that the values start with.
    pub(crate) seed: u64,
    pub(crate) cols: usize,
    pub(crate) rows: usize,
    pub(crate) batch: usize,
    /// Three variables, then three constants.
    pub(crate) scalars: [f64; 6],
    pub(crate) sizes: Sizes,
    pub(crate) steps: Vec<Step>,
    /// After how many steps the loss is made of what there is.
    pub(crate) loss_after: usize,
    /// The step whose value is differentiated by.
    pub(crate) by: usize,
}

fn pick() -> impl Strategy<Value = usize> {
    // Small numbers first, so that values are met again and shrinking leads to few.
    prop_oneof![2 => 0_usize..4, 1 => 0_usize..16]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        1 => Just(Kind::Scalar),
        4 => Just(Kind::Column),
        1 => Just(Kind::Row),
        1 => Just(Kind::Columns),
        1 => Just(Kind::Rows),
    ]
}

fn plastic() -> impl Strategy<Value = Matrix> {
    prop_oneof![3 => Just(Matrix::Square), 1 => Just(Matrix::Zero), 1 => Just(Matrix::Oblong)]
}

fn matrix() -> impl Strategy<Value = Matrix> {
    prop_oneof![6 => plastic(), 1 => Just(Matrix::Fixed)]
}

fn term() -> impl Strategy<Value = Term> {
    (
        proptest::option::of(pick()),
        proptest::bool::weighted(0.15),
        pick(),
        pick(),
    )
        .prop_map(|(scale, batch, post, pre)| Term {
            scale,
            batch,
            post,
            pre,
        })
}

fn step() -> impl Strategy<Value = Step> {
    // What the paper's networks are made of, as often as all others together.
    let map = prop_oneof![
        3 => Just(Map::Tanh),
        2 => proptest::sample::select(&Map::ALL[1..6]),
        4 => proptest::sample::select(&Map::ALL[6..]),
    ];
    let zip = prop_oneof![
        proptest::sample::select(&Zip::ALL[..4]),
        proptest::sample::select(&Zip::ALL[4..]),
    ];
    let batch = || proptest::bool::weighted(0.15);
    let on = prop_oneof![3 => Just(On::Everywhere), 1 => Just(On::Mask), 1 => Just(On::Gate)];
    let terms = proptest::collection::vec(term(), 0..6);
    let pairs = proptest::collection::vec((pick(), pick()), 1..4);
    prop_oneof![
        3 => (map, kind(), pick()).prop_map(|(f, k, x)| Step::Map(f, k, x)),
        3 => (zip, kind(), pick(), pick()).prop_map(|(f, k, a, b)| Step::Zip(f, k, a, b)),
        2 => (proptest::sample::select(&Arrange::ALL[..]), kind(), pick())
            .prop_map(|(f, k, x)| Step::Arrange(f, k, x)),
        1 => (batch(), pick()).prop_map(|(batch, e)| Step::Signed(batch, e)),
        1 => (pick(), pick(), proptest::option::of(pick()), pick())
            .prop_map(|(start, y, scale, by)| Step::From { start, y, scale, by }),
        1 => (kind(), pick(), pick()).prop_map(|(k, s, x)| Step::Scale(k, s, x)),
        1 => (kind(), pairs).prop_map(|(k, terms)| Step::Combine(k, terms)),
        1 => (kind(), pick()).prop_map(|(k, x)| Step::Sum(k, x)),
        1 => (kind(), pick(), pick()).prop_map(|(k, a, b)| Step::Dot(k, a, b)),
        4 => (matrix(), batch(), pick()).prop_map(|(w, batch, y)| Step::Matvec(w, batch, y)),
        3 => (matrix(), batch(), pick(), proptest::bool::weighted(0.25), on)
            .prop_map(|(w, batch, e, detached, on)| Step::MatvecT { w, batch, e, detached, on }),
        6 => (plastic(), proptest::option::of(pick()), terms)
            .prop_map(|(w, scale, terms)| Step::Update { w, scale, terms }),
    ]
}

/// Programs of up to `steps` operations.
pub(crate) fn program(steps: usize) -> impl Strategy<Value = Program> {
    let scalar = prop_oneof![
        1 => proptest::sample::select(SCALARS.as_slice()),
        1 => -1.5..1.5_f64,
    ];
    let shape = (2_usize..6, 1_usize..4, 2_usize..4);
    let uneven = [any::<bool>(), any::<bool>()]
        .prop_map(|[even, small_learn]| Sizes::Uneven { even, small_learn });
    let sizes = prop_oneof![3 => Just(Sizes::Alike), 2 => uneven, 1 => Just(Sizes::Tiny)];
    let steps = proptest::collection::vec(step(), 1..=steps);
    (
        any::<u64>(),
        shape,
        sizes,
        [
            scalar.clone(),
            scalar.clone(),
            scalar.clone(),
            scalar.clone(),
            scalar.clone(),
            scalar,
        ],
        steps,
    )
        .prop_flat_map(|(seed, (cols, rows, batch), sizes, scalars, steps)| {
            let count = steps.len();
            (0..=count, 0..count).prop_map(move |(after, by)| Program {
                seed,
                cols,
                rows,
                batch,
                scalars,
                sizes,
                steps: steps.clone(),
                loss_after: count - after / 2,
                by,
            })
        })
}
