use datasets::Dataset;
use rand::seq::{SliceRandom, index};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::{Purpose, Settings, TaskSettings, stream};

/// How tasks are drawn; the paper's text and its released code differ.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum TaskStyle {
    /// M different classes, and K + Q images of each drawn for this task.
    #[default]
    Text,
    /// M classes drawn with replacement, so that a task can hold one twice, and always
    /// the same first K + Q images of a class.
    Code,
}

/// Indices of a task's images in its data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The M classes.
    pub classes: Vec<usize>,
    /// M·K training images in the order in which they are learned.
    pub train: Vec<u32>,
    /// M·Q query images, class by class.
    pub query: Vec<u32>,
}

impl Task {
    /// Draws the task of an episode. `settings` must have been checked against `data`,
    /// see [`Settings::check`].
    pub fn draw(settings: &Settings, data: &Dataset, trial: u64, episode: u64) -> Task {
        let rng = &mut stream(settings.seed, trial, episode, Purpose::Task);
        let filled: Vec<usize> = data.labels_in_use().collect();
        let TaskSettings {
            ways,
            shots,
            queries,
            style,
        } = settings.tasks;
        let classes: Vec<usize> = match style {
            TaskStyle::Text => index::sample(rng, filled.len(), ways)
                .iter()
                .map(|i| filled[i])
                .collect(),
            TaskStyle::Code => (0..ways)
                .map(|_| filled[rng.random_range(0..filled.len())])
                .collect(),
        };
        let (mut train, mut query) = (Vec::new(), Vec::new());
        for class in &classes {
            let images = data.of_class(*class);
            let chosen = choose(style, images, shots + queries, rng);
            train.extend_from_slice(&chosen[..shots]);
            query.extend_from_slice(&chosen[shots..]);
        }
        train.shuffle(&mut stream(settings.seed, trial, episode, Purpose::Order));
        Task {
            classes,
            train,
            query,
        }
    }
}

fn choose(style: TaskStyle, images: &[u32], count: usize, rng: &mut impl Rng) -> Vec<u32> {
    match style {
        TaskStyle::Text => index::sample(rng, images.len(), count)
            .iter()
            .map(|i| images[i])
            .collect(),
        TaskStyle::Code => images[..count].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datasets::Split;
    use std::collections::HashSet;

    fn data() -> Dataset {
        let labels: Vec<u8> = (0..600_u32).map(|i| (i % 12) as u8).collect();
        Dataset::from_parts("test", Split::Test, 1, 1, vec![1; 600], labels).unwrap()
    }

    fn settings(tasks: TaskStyle) -> Settings {
        Settings {
            tasks: TaskSettings {
                ways: 5,
                shots: 30,
                queries: 10,
                style: tasks,
            },
            ..Settings::default()
        }
    }

    #[test]
    fn a_task_of_the_text_has_distinct_classes_and_no_image_twice() {
        for episode in 0..50 {
            let task = Task::draw(&settings(TaskStyle::Text), &data(), 0, episode);
            assert_eq!(task.classes.iter().collect::<HashSet<_>>().len(), 5);
            let all: HashSet<_> = task.train.iter().chain(&task.query).collect();
            assert_eq!(all.len(), 5 * 40);
        }
    }

    #[test]
    fn a_task_of_the_code_uses_the_first_images_and_may_repeat_a_class() {
        let data = data();
        let mut repeats = 0;
        for episode in 0..50 {
            let task = Task::draw(&settings(TaskStyle::Code), &data, 0, episode);
            repeats += usize::from(task.classes.iter().collect::<HashSet<_>>().len() < 5);
            for (class, query) in task.classes.iter().zip(task.query.chunks(10)) {
                assert_eq!(query, &data.of_class(*class)[30..40]);
            }
        }
        assert!(repeats > 0);
    }

    #[test]
    fn each_class_of_a_task_gives_as_many_images_and_they_are_shuffled() {
        let data = data();
        let task = Task::draw(&settings(TaskStyle::Text), &data, 1, 2);
        for class in &task.classes {
            let of_class = |list: &[u32]| {
                list.iter()
                    .filter(|i| data.label(**i as usize) == *class)
                    .count()
            };
            assert_eq!((of_class(&task.train), of_class(&task.query)), (30, 10));
        }
        let first: HashSet<_> = task.train[..30]
            .iter()
            .map(|i| data.label(*i as usize))
            .collect();
        assert!(
            first.len() > 1,
            "the first 30 images are not all of one class"
        );
    }
}
