use autodiff::Tape;
use datasets::Dataset;
use model::{Misfit, StateArrays};
use ndarray::Array2;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::drawn::batch;
use crate::{
    Batch, Episode, Initial, Learner, Penalty, Purpose, Scores, Setting, SettingsError, Threads,
    draw_weights, stream,
};

/// Learning one long stream of images with a rule whose coefficients stay as they are
/// (PAPER Fig. 1): a network sees each image once, and is tested now and then.
#[derive(Clone, Debug, PartialEq)]
pub struct Online {
    /// What learns.
    pub learner: Learner,
    /// One coefficient for each of its rule's terms, and what else is meta-learned.
    pub theta: Vec<f64>,
    /// The stream.
    pub stream: ImageStream,
    /// From which every random number follows.
    pub seed: u64,
}

/// The images of online learning, and when it is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageStream {
    /// Only images with labels below this are learned and tested; at most as many as the
    /// network has outputs.
    pub classes: usize,
    /// The most images to learn from; fewer if there are no more.
    pub images: usize,
    /// Images from one test to the next.
    pub every: usize,
    /// The most images of a test; fewer if there are no more.
    pub tests: usize,
}

/// One test of a network that learns online.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlineRecord {
    /// The trial, from 0.
    pub trial: u64,
    /// How many images were learned from so far.
    pub images: usize,
    /// What came out on the test images; its cross-entropy is not finite if learning
    /// diverged.
    pub scores: Scores,
}

/// A trial of online learning on its way.
#[derive(Debug)]
pub struct OnlineTrial<'a> {
    online: &'a Online,
    train: &'a Dataset,
    test: &'a Dataset,
    trial: u64,
    episode: Episode,
    /// The images to learn from, in order, and those of every test.
    order: Vec<u32>,
    tests: Vec<u32>,
    state: StateArrays<f32>,
    /// How many tests are over.
    done: usize,
}

/// Where a trial of online learning stands, as plain numbers: all that it takes to go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OnlineState {
    /// How many tests are over.
    done: usize,
    /// W, B and D, row by row.
    matrices: Vec<Vec<f32>>,
    traces: Vec<Vec<f32>>,
}

/// Online learning has no episodes; its random streams stand apart from all that do.
const NO_EPISODE: u64 = u64::MAX;

impl Online {
    /// Checks that the learner fits the images.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self, train: &Dataset, test: &Dataset) -> Result<(), SettingsError> {
        let network = &self.learner.network;
        for data in [train, test] {
            let (inputs, pixels) = (network.sizes[0], data.pixels());
            if inputs != pixels {
                let data = data.name().to_owned();
                return Err(SettingsError::Inputs {
                    inputs,
                    data,
                    pixels,
                });
            }
        }
        self.episode()?;
        Ok(())
    }

    fn episode(&self) -> Result<Episode, Misfit> {
        let Learner {
            network,
            feedback,
            rule,
            ..
        } = &self.learner;
        Episode::new(network, *feedback, rule, Penalty::default())
    }

    /// Whether an image with this label is in the stream.
    pub fn takes(&self, label: usize) -> bool {
        let network = &self.learner.network;
        label < self.stream.classes.min(network.sizes[network.layers()])
    }

    /// How many tests a trial has: before the first image, after every
    /// [`ImageStream::every`] and after the last.
    pub fn tests_of_trial(&self, train: &Dataset) -> usize {
        let labels = (0..train.len()).filter(|i| self.takes(train.label(*i)));
        1 + labels
            .take(self.stream.images)
            .count()
            .div_ceil(self.stream.every)
    }

    /// A trial at its start, in f32: weights, feedback, test images and the order of
    /// `train`'s are drawn anew from the seed and `trial`.
    ///
    /// # Errors
    /// If the rule does not fit the network, see [`model::Circuit::new`].
    pub fn begin<'a>(
        &'a self,
        (train, test): (&'a Dataset, &'a Dataset),
        trial: u64,
    ) -> Result<OnlineTrial<'a>, Misfit> {
        let rng = |purpose| stream(self.seed, trial, NO_EPISODE, purpose);
        let draw = |initial, shapes: &[(usize, usize)], purpose| {
            draw_weights(initial, shapes, &mut rng(purpose))
        };
        let [weights, feedback, direct] = Purpose::OF_MATRICES;
        let (network, pathway) = (&self.learner.network, self.learner.feedback);
        let (sizes, xavier) = (&network.sizes, Initial::default());
        let stream = &self.stream;
        Ok(OnlineTrial {
            online: self,
            train,
            test,
            trial,
            episode: self.episode()?,
            order: self.draw(train, stream.images, &mut rng(Purpose::Order)),
            tests: self.draw(test, stream.tests, &mut rng(Purpose::Task)),
            state: StateArrays {
                w: draw(self.learner.initial, &network.shapes(), weights),
                b: draw(xavier, &pathway.shapes(sizes), feedback),
                d: draw(xavier, &pathway.direct_shapes(sizes), direct),
                traces: Vec::new(),
            },
            done: 0,
        })
    }

    /// Runs one trial to its end. A trial that diverges is tested to the end all the same.
    ///
    /// # Errors
    /// As [`Online::begin`].
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
        let mut trial = self.begin((train, test), trial)?;
        let mut tape = Tape::new();
        Ok(std::iter::from_fn(|| trial.advance(&mut tape)).collect())
    }

    /// Up to `most` images of the stream's classes, in random order.
    fn draw(&self, data: &Dataset, most: usize, rng: &mut impl rand::Rng) -> Vec<u32> {
        let mut images: Vec<u32> = (0..data.len() as u32)
            .filter(|i| self.takes(data.label(*i as usize)))
            .collect();
        images.shuffle(rng);
        images.truncate(most);
        images
    }
}

impl OnlineTrial<'_> {
    /// Learns from the images up to the next test, and tests; none after the last. The
    /// first test comes before the first image. Each piece is a program of its own on
    /// `tape`, so that memory does not grow.
    ///
    /// # Panics
    /// As [`Online::run`].
    pub fn advance(&mut self, tape: &mut Tape<f32>) -> Option<OnlineRecord> {
        let every = self.online.stream.every;
        let seen = self.done.checked_sub(1).map(|pieces| pieces * every);
        let piece = match seen {
            None => &[],
            Some(seen) => self.order.get(seen..)?.chunks(every).next()?,
        };
        let setting = Setting {
            state: std::mem::take(&mut self.state),
            theta: (self.online.theta.iter())
                .map(|theta| *theta as f32)
                .collect(),
            train: batch(self.train, piece),
            query: self.query(),
        };
        let (scores, state) = self.episode.learn(tape, &setting);
        self.state = state;
        self.done += 1;
        Some(OnlineRecord {
            trial: self.trial,
            images: seen.unwrap_or(0) + piece.len(),
            scores,
        })
    }

    fn query(&self) -> Batch<f32> {
        batch(self.test, &self.tests)
    }

    /// Where it stands.
    pub fn state(&self) -> OnlineState {
        let StateArrays { w, b, d, traces } = &self.state;
        let matrices = w.iter().chain(b).chain(d);
        OnlineState {
            done: self.done,
            matrices: matrices.map(|m| m.iter().copied().collect()).collect(),
            traces: traces.clone(),
        }
    }

    /// Where it stood in a run of the same settings; `None` if that does not fit.
    pub fn with_state(mut self, state: OnlineState) -> Option<Self> {
        let StateArrays { w, b, d, traces } = &mut self.state;
        let mut found = state.matrices.into_iter();
        for matrix in w.iter_mut().chain(b).chain(d) {
            *matrix = Array2::from_shape_vec(matrix.dim(), found.next()?).ok()?;
        }
        *traces = state.traces;
        self.done = state.done;
        found.next().is_none().then_some(self)
    }
}

impl OnlineState {
    /// How many tests are over.
    pub fn done(&self) -> usize {
        self.done
    }
}

/// Advances trials side by side, see [`OnlineTrial::advance`]: the tests of those that are
/// not at their end, in the order of the trials.
pub fn advance_all(trials: &mut [OnlineTrial<'_>], threads: &Threads) -> Vec<OnlineRecord> {
    threads.install(|| {
        let trials = trials.par_iter_mut();
        let tests = trials.map_init(Tape::new, |tape, trial| trial.advance(tape));
        tests.flatten_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datasets::{Split, glyphs};
    use model::{Feedback, Lists, Parts, Rule};

    fn online() -> Online {
        of_rule(Rule::built_in("bp").unwrap(), vec![0.02])
    }

    fn of_rule(rule: Rule, theta: Vec<f64>) -> Online {
        let mut learner = Learner::of(rule);
        learner.network.sizes = vec![784, 20, 10];
        Online {
            learner,
            theta,
            stream: ImageStream {
                classes: 10,
                images: 700,
                every: 300,
                tests: 200,
            },
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
        assert!(
            records[0].scores.accuracy < 0.3,
            "{}",
            records[0].scores.accuracy
        );
        assert!(
            records[3].scores.accuracy > 0.7,
            "{}",
            records[3].scores.accuracy
        );
        assert_eq!(records, online().run(&train, &test, 0).unwrap());
        assert_ne!(records, online().run(&train, &test, 1).unwrap());
    }

    #[test]
    fn how_often_it_is_tested_does_not_change_what_it_learns() {
        let (train, test) = (glyphs(Split::Train, 0), glyphs(Split::Test, 0));
        let mut often = online();
        often.stream.every = 100;
        let (a, b) = (
            online().run(&train, &test, 2).unwrap(),
            often.run(&train, &test, 2).unwrap(),
        );
        assert_eq!(a.last(), b.last());
    }

    #[test]
    fn a_step_far_too_large_shows_as_a_loss_that_is_not_finite() {
        let (train, test) = (glyphs(Split::Train, 0), glyphs(Split::Test, 0));
        let wild = of_rule(Rule::built_in("oja").unwrap(), vec![1e3, -1e3]);
        let records = wild.run(&train, &test, 0).unwrap();
        assert!(!records.last().unwrap().scores.cross_entropy.is_finite());
    }

    #[test]
    fn whatever_changes_goes_on_from_a_state_to_the_same_bits() {
        let (train, test) = (glyphs(Split::Train, 0), glyphs(Split::Test, 0));
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let parts = Parts {
            lists: Lists::All(list(&["F0", "-e ⊗ trace(y-, 0.8)"])),
            own: Vec::new(),
            back: list(&["-e ⊗ y-", "-W"]),
            constants: Vec::new(),
            populations: Vec::new(),
        };
        let rule = Rule::from_parts("mine", Feedback::Fixed, parts).unwrap();
        let mut tape = Tape::new();
        let theta = rule.start(rule.feedback, 0.01);
        let theta: Vec<f64> = theta.iter().map(|t| t + 0.001).collect();
        let online = of_rule(rule, theta);
        let mut whole = online.begin((&train, &test), 1).unwrap();
        let tests = online.tests_of_trial(&train);
        let begin = || online.begin((&train, &test), 1).unwrap();
        let first = begin().state();
        for piece in 0..tests {
            let mut again = begin().with_state(whole.state()).unwrap();
            let record = whole.advance(&mut tape).unwrap();
            assert_eq!(again.advance(&mut tape), Some(record), "piece {piece}");
            assert_eq!(again.state(), whole.state());
        }
        assert_eq!(whole.advance(&mut tape), None);
        let last = whole.state();
        assert_eq!((last.done(), tests), (4, 4));
        // W_1, W_2, B_1, B_2: all of them are plastic, and there are traces.
        let changed = last.matrices.iter().zip(&first.matrices);
        assert!(changed.filter(|(last, first)| last != first).count() >= 3);
        assert!(!last.traces.is_empty());
        let mut cut = last;
        cut.matrices[0].pop();
        assert!(begin().with_state(cut).is_none());
    }
}
