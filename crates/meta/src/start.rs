//! What an episode starts from.

use autodiff::{Real, Tape};
use model::{Circuit, State, StateArrays};

/// What an episode starts from, handed over piece by piece as the episode asks for it:
/// arrays at hand, see [`Setting`], or numbers drawn on the way, see
/// [`Drawn`](crate::Drawn).
pub trait Start<T: Real> {
    /// Declares W, B and all else that changes on `tape`.
    fn declare(&self, tape: &mut Tape<T>, circuit: &Circuit) -> State;
    /// The same as arrays.
    fn arrays(&self) -> StateArrays<T>;
    /// All that is meta-learned, in the order of
    /// [`Rule::parameters`](model::Rule::parameters): one coefficient for each term of
    /// the rule, and what else it has.
    fn theta(&self) -> Vec<T>;
    /// The labels of a part's images, one an image.
    fn labels(&self, part: Part) -> &[usize];
    /// The pixels of one image of a part by their index, in [0, 1].
    ///
    /// # Panics
    /// If there is no such image; what is returned, if there is no such pixel.
    fn image(&self, part: Part, image: usize) -> impl Fn(usize) -> T;
}

/// A part of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The images to learn from, one after the other.
    Train,
    /// The images to be scored on.
    Query,
}

/// Images in rows, with labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch<T> {
    /// images × pixels, row by row; pixels in [0, 1].
    pub x: Vec<T>,
    /// One label an image.
    pub labels: Vec<usize>,
}

/// All that an episode starts from, as arrays.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    /// W, B, and what else changes.
    pub state: StateArrays<T>,
    /// All that is meta-learned, in the order of
    /// [`Rule::parameters`](model::Rule::parameters).
    pub theta: Vec<T>,
    /// The images to learn from, one after the other.
    pub train: Batch<T>,
    /// The images to be scored on.
    pub query: Batch<T>,
}

impl<T> Setting<T> {
    fn part(&self, part: Part) -> &Batch<T> {
        match part {
            Part::Train => &self.train,
            Part::Query => &self.query,
        }
    }
}

impl<T: Real> Start<T> for Setting<T> {
    fn declare(&self, tape: &mut Tape<T>, circuit: &Circuit) -> State {
        self.state.declare(tape, circuit)
    }

    fn arrays(&self) -> StateArrays<T> {
        self.state.clone()
    }

    fn theta(&self) -> Vec<T> {
        self.theta.clone()
    }

    fn labels(&self, part: Part) -> &[usize] {
        &self.part(part).labels
    }

    fn image(&self, part: Part, image: usize) -> impl Fn(usize) -> T {
        let Batch { x, labels } = self.part(part);
        let pixels = x.len() / labels.len();
        let x = &x[image * pixels..][..pixels];
        |pixel| x[pixel]
    }
}
