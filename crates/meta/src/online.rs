use autodiff::Tape;
use datasets::Dataset;
use model::{Feedback, Misfit, Network, Rule, StateArrays};
use rand::seq::SliceRandom;

use crate::drawn::batch;
use crate::{Batch, Episode, Initial, Penalty, Purpose, Setting, draw_weights, stream};

/// Learning one long stream of images with a rule whose coefficients stay as they are
/// (PAPER Fig. 1): a network sees each image once, and is tested now and then.
#[derive(Clone, Debug, PartialEq)]
pub struct Online {
    /// The network. It learns the classes that it has outputs for.
    pub network: Network,
    /// The feedback pathway.
    pub feedback: Feedback,
    /// The plasticity rule.
    pub rule: Rule,
    /// One coefficient for each of its terms, and what else is meta-learned.
    pub theta: Vec<f64>,
    /// The most images to learn from; fewer if there are no more.
    pub images: usize,
    /// Images from one test to the next.
    pub every: usize,
    /// The most images of a test; fewer if there are no more.
    pub tests: usize,
    /// From which every random number follows.
    pub seed: u64,
}

/// One test of a network that learns online.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineRecord {
    /// The trial, from 0.
    pub trial: u64,
    /// How many images were learned from so far.
    pub images: usize,
    /// The mean cross-entropy on the test images; not finite if learning diverged.
    pub cross_entropy: f64,
    /// The share of test images classified right.
    pub accuracy: f64,
    /// α_0..α_L in degrees.
    pub angles: Vec<f64>,
}

/// Online learning has no episodes; its random streams stand apart from all that do.
const NO_EPISODE: u64 = u64::MAX;

impl Online {
    /// Runs one trial in f32: weights, feedback, test images and the order of `train`'s
    /// are drawn anew from the seed and `trial`. Tests come before the first image,
    /// after every [`Online::every`] images and after the last. A trial that diverges
    /// is tested to the end all the same.
    ///
    /// # Errors
    /// If the rule does not fit the network, see [`model::Circuit::new`].
    ///
    /// # Panics
    /// If the network has other inputs than the images pixels, or there are other
    /// coefficients than terms.
    pub fn run(
        &self,
        train: &Dataset,
        test: &Dataset,
        trial: u64,
    ) -> Result<Vec<OnlineRecord>, Misfit> {
        let mut episode =
            Episode::new(&self.network, self.feedback, &self.rule, Penalty::default())?;
        let mut tape = Tape::<f32>::new();
        let rng = |purpose| stream(self.seed, trial, NO_EPISODE, purpose);
        let order = self.draw(train, self.images, &mut rng(Purpose::Order));
        let tests = self.draw(test, self.tests, &mut rng(Purpose::Task));
        let draw = |shapes: &[(usize, usize)], purpose| {
            draw_weights(Initial::default(), shapes, &mut rng(purpose))
        };
        let [weights, feedback, direct] = Purpose::OF_MATRICES;
        let sizes = &self.network.sizes;
        let mut setting = Setting {
            state: StateArrays {
                w: draw(&self.network.shapes(), weights),
                b: draw(&self.feedback.shapes(sizes), feedback),
                d: draw(&self.feedback.direct_shapes(sizes), direct),
                traces: Vec::new(),
            },
            theta: self.theta.iter().map(|theta| *theta as f32).collect(),
            train: Batch::default(),
            query: batch(test, &tests),
        };
        let mut images = 0;
        let mut records = Vec::new();
        let pieces = std::iter::once([].as_slice()).chain(order.chunks(self.every));
        for piece in pieces {
            setting.train = batch(train, piece);
            images += piece.len();
            // Each piece is a program of its own, so that memory does not grow.
            let (scores, state) = episode.learn(&mut tape, &setting);
            setting.state = state;
            records.push(OnlineRecord {
                trial,
                images,
                cross_entropy: scores.cross_entropy,
                accuracy: scores.accuracy,
                angles: scores.angles,
            });
        }
        Ok(records)
    }

    /// Up to `most` images of the classes that the network has outputs for, in random
    /// order.
    fn draw(&self, data: &Dataset, most: usize, rng: &mut impl rand::Rng) -> Vec<u32> {
        let outputs = self.network.sizes[self.network.layers()];
        let mut images: Vec<u32> = (0..data.len() as u32)
            .filter(|i| data.label(*i as usize) < outputs)
            .collect();
        images.shuffle(rng);
        images.truncate(most);
        images
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datasets::{Split, glyphs};

    fn online() -> Online {
        Online {
            network: Network {
                sizes: vec![784, 20, 10],
                ..Network::default()
            },
            feedback: Feedback::Symmetric,
            rule: Rule::built_in("bp").unwrap(),
            theta: vec![0.02],
            images: 700,
            every: 300,
            tests: 200,
            seed: 3,
        }
    }

    #[test]
    fn a_network_learns_from_the_stream_and_is_tested_on_the_way() {
        let (train, test) = (glyphs(Split::Train, 0), glyphs(Split::Test, 0));
        let records = online().run(&train, &test, 0).unwrap();
        let images: Vec<usize> = records.iter().map(|r| r.images).collect();
        assert_eq!(images, [0, 300, 600, 700]);
        // Ten digits: chance is 0.1, with a standard error of 0.02 on 200 images.
        assert!(records[0].accuracy < 0.3, "{}", records[0].accuracy);
        assert!(records[3].accuracy > 0.7, "{}", records[3].accuracy);
        assert_eq!(records, online().run(&train, &test, 0).unwrap());
        assert_ne!(records, online().run(&train, &test, 1).unwrap());
    }

    #[test]
    fn how_often_it_is_tested_does_not_change_what_it_learns() {
        let (train, test) = (glyphs(Split::Train, 0), glyphs(Split::Test, 0));
        let often = Online {
            every: 100,
            ..online()
        };
        let (a, b) = (
            online().run(&train, &test, 2).unwrap(),
            often.run(&train, &test, 2).unwrap(),
        );
        assert_eq!(a.last(), b.last());
    }

    #[test]
    fn a_step_far_too_large_shows_as_a_loss_that_is_not_finite() {
        let (train, test) = (glyphs(Split::Train, 0), glyphs(Split::Test, 0));
        let wild = Online {
            feedback: Feedback::Fixed,
            rule: Rule::built_in("oja").unwrap(),
            theta: vec![1e3, -1e3],
            ..online()
        };
        let records = wild.run(&train, &test, 0).unwrap();
        assert!(!records.last().unwrap().cross_entropy.is_finite());
    }
}
