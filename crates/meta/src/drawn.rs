//! What an episode of a training starts from, drawn from the seed.

use autodiff::{Real, Tape};
use datasets::Dataset;
use model::{Circuit, Matrix, State, StateArrays};
use rand_chacha::ChaCha8Rng;

use crate::weights::Numbers;
use crate::{Batch, Initial, Part, Purpose, Setting, Settings, Start, Task, draw_weights, stream};

/// What an episode of a trial starts from: weights, feedback and task, drawn from the
/// seed. Weights and pixels are made as they are asked for, so that a training holds no
/// second copy of them.
#[derive(Clone, Debug)]
pub struct Drawn<'a, T> {
    settings: &'a Settings,
    data: &'a Dataset,
    trial: u64,
    episode: u64,
    theta: Vec<T>,
    train: Images,
    query: Images,
    /// The numbers in [0, 1] that the levels of a pixel stand for.
    levels: [T; 256],
}

/// Images of the data set, by their places in it.
#[derive(Clone, Debug)]
struct Images {
    places: Vec<u32>,
    labels: Vec<usize>,
}

impl Images {
    fn new(data: &Dataset, places: Vec<u32>) -> Self {
        let labels = places.iter().map(|i| data.label(*i as usize)).collect();
        Images { places, labels }
    }
}

impl<'a, T: Real> Drawn<'a, T> {
    /// For an episode of a trial with the coefficients `theta`. `settings` must have been
    /// checked against `data`, see [`Settings::check`].
    pub fn new(
        settings: &'a Settings,
        data: &'a Dataset,
        (trial, episode): (u64, u64),
        theta: &[f64],
    ) -> Self {
        let task = Task::draw(settings, data, trial, episode);
        Drawn {
            settings,
            data,
            trial,
            episode,
            theta: theta.iter().map(|t| T::from_f64(*t)).collect(),
            train: Images::new(data, task.train),
            query: Images::new(data, task.query),
            levels: levels(),
        }
    }

    /// The same as arrays.
    pub fn setting(&self) -> Setting<T> {
        Setting {
            state: self.arrays(),
            theta: self.theta.clone(),
            train: batch(self.data, &self.train.places),
            query: batch(self.data, &self.query.places),
        }
    }

    fn rng(&self, purpose: Purpose) -> ChaCha8Rng {
        stream(self.settings.seed, self.trial, self.episode, purpose)
    }

    fn part(&self, part: Part) -> &Images {
        match part {
            Part::Train => &self.train,
            Part::Query => &self.query,
        }
    }
}

impl<T: Real> Start<T> for Drawn<'_, T> {
    fn declare(&self, tape: &mut Tape<T>, circuit: &Circuit) -> State {
        let mut rngs = Purpose::OF_MATRICES.map(|purpose| self.rng(purpose));
        let initial = self.settings.learner.initial;
        circuit.declare(|which, shape, plastic| {
            let (rng, initial) = match which {
                Matrix::Weights(_) => (&mut rngs[0], initial),
                Matrix::Feedback(_) => (&mut rngs[1], Initial::default()),
                Matrix::Direct(_) => (&mut rngs[2], Initial::default()),
            };
            let mut numbers = Numbers::new(initial, shape, rng);
            let fill = |column: &mut [T]| numbers.fill(column);
            if plastic {
                tape.plastic_with(shape.0, shape.1, fill)
            } else {
                tape.fixed_with(shape.0, shape.1, fill)
            }
        })
    }

    fn arrays(&self) -> StateArrays<T> {
        let learner = &self.settings.learner;
        let sizes = &learner.network.sizes;
        let draw = |initial, shapes: &[(usize, usize)], purpose| {
            draw_weights(initial, shapes, &mut self.rng(purpose))
        };
        let [weights, feedback, direct] = Purpose::OF_MATRICES;
        let xavier = Initial::default();
        StateArrays {
            w: draw(learner.initial, &learner.network.shapes(), weights),
            b: draw(xavier, &learner.feedback.shapes(sizes), feedback),
            d: draw(xavier, &learner.feedback.direct_shapes(sizes), direct),
            traces: Vec::new(),
        }
    }

    fn theta(&self) -> Vec<T> {
        self.theta.clone()
    }

    fn labels(&self, part: Part) -> &[usize] {
        &self.part(part).labels
    }

    fn image(&self, part: Part, image: usize) -> impl Fn(usize) -> T {
        let place = self.part(part).places[image];
        let levels = self.data.image(place as usize);
        |pixel| self.levels[usize::from(levels[pixel])]
    }
}

/// What an episode of a trial starts from, as arrays, see [`Drawn`]. `settings` must have
/// been checked against `data`, see [`Settings::check`].
pub fn draw_setting<T: Real>(
    settings: &Settings,
    data: &Dataset,
    trial: u64,
    episode: u64,
    theta: &[f64],
) -> Setting<T> {
    Drawn::new(settings, data, (trial, episode), theta).setting()
}

/// Images as numbers in [0, 1].
pub(crate) fn batch<T: Real>(data: &Dataset, images: &[u32]) -> Batch<T> {
    let levels = levels::<T>();
    let mut x = Vec::with_capacity(images.len() * data.pixels());
    for &i in images {
        let image = data.image(i as usize).iter();
        x.extend(image.map(|pixel| levels[usize::from(*pixel)]));
    }
    Batch {
        x,
        labels: images.iter().map(|i| data.label(*i as usize)).collect(),
    }
}

fn levels<T: Real>() -> [T; 256] {
    std::array::from_fn(|p| T::from_f64(p as f64 / 255.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Episode;
    use datasets::Split;

    #[test]
    fn what_is_drawn_on_the_way_is_what_the_arrays_hold() {
        let data = datasets::glyphs(Split::Test, 0);
        let mut settings = Settings::default();
        settings.tasks.shots = 3;
        let theta = vec![0.01; settings.learner.rule.terms.len()];
        let drawn = Drawn::<f32>::new(&settings, &data, (2, 5), &theta);
        let mut episode = Episode::of(&settings).unwrap();
        let mut tape = Tape::new();
        let found = episode.run_with_state(&mut tape, &drawn);
        assert_eq!(found, episode.run_with_state(&mut tape, &drawn.setting()));
        let other = Drawn::<f32>::new(&settings, &data, (2, 6), &theta);
        assert_ne!(found.0, episode.run(&mut tape, &other));
    }
}
