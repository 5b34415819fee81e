//! What an episode of a training starts from, drawn from the seed.

use autodiff::{Plastic, Real, Tape};
use datasets::Dataset;
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;

use crate::weights::xavier;
use crate::{Batch, Learner, Part, Purpose, Setting, Settings, Start, Task, draw_weights, stream};

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
            w: self.w(),
            b: draw_weights(&self.feedback_shapes(), &mut self.rng(Purpose::Feedback)),
            theta: self.theta.clone(),
            train: batch(self.data, &self.train.places),
            query: batch(self.data, &self.query.places),
        }
    }

    /// W_1..W_L as arrays.
    pub(crate) fn w(&self) -> Vec<Array2<T>> {
        draw_weights(
            &self.settings.learner.network.shapes(),
            &mut self.rng(Purpose::Weights),
        )
    }

    fn feedback_shapes(&self) -> Vec<(usize, usize)> {
        let Learner {
            feedback, network, ..
        } = &self.settings.learner;
        feedback.shapes(&network.sizes)
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
    fn weights(&self, tape: &mut Tape<T>) -> Vec<Plastic> {
        let rng = &mut self.rng(Purpose::Weights);
        let shapes = self.settings.learner.network.shapes();
        let declare = |(post, pre)| tape.plastic_with(post, pre, xavier((post, pre), rng));
        shapes.into_iter().map(declare).collect()
    }

    fn feedback(&self, tape: &mut Tape<T>) -> Vec<Plastic> {
        let rng = &mut self.rng(Purpose::Feedback);
        let shapes = self.feedback_shapes();
        let declare = |(post, pre)| tape.fixed_with(post, pre, xavier((post, pre), rng));
        shapes.into_iter().map(declare).collect()
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
        let found = episode.run_with_weights(&mut tape, &drawn);
        assert_eq!(found, episode.run_with_weights(&mut tape, &drawn.setting()));
        let other = Drawn::<f32>::new(&settings, &data, (2, 6), &theta);
        assert_ne!(found.0, episode.run(&mut tape, &other));
    }
}
