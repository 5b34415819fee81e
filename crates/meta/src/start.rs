//! What an episode starts from.

use autodiff::{Plastic, Real, Tape};
use ndarray::Array2;

/// What an episode starts from, handed over piece by piece as the episode asks for it:
/// arrays at hand, see [`Setting`], or numbers drawn on the way, see
/// [`Drawn`](crate::Drawn).
pub trait Start<T: Real> {
    /// Declares W_1..W_L on `tape`, each n_l × n_{l−1}.
    fn weights(&self, tape: &mut Tape<T>) -> Vec<Plastic>;
    /// Declares the feedback pathway's matrices on `tape`, see
    /// [`Feedback::shapes`](model::Feedback::shapes).
    fn feedback(&self, tape: &mut Tape<T>) -> Vec<Plastic>;
    /// One coefficient for each term of the rule.
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
    /// W_1..W_L, each n_l × n_{l−1}.
    pub w: Vec<Array2<T>>,
    /// The feedback pathway's matrices, see [`Feedback::shapes`](model::Feedback::shapes).
    pub b: Vec<Array2<T>>,
    /// One coefficient for each term of the rule.
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
    fn weights(&self, tape: &mut Tape<T>) -> Vec<Plastic> {
        self.w.iter().map(|w| tape.plastic(w.view())).collect()
    }

    fn feedback(&self, tape: &mut Tape<T>) -> Vec<Plastic> {
        self.b.iter().map(|b| tape.fixed(b.view())).collect()
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
