//! How results were made, and in what that differs from the paper.

use std::collections::BTreeMap;

use crate::experiments::{COMMON, Experiment, OnlineExperiment, PAPER_IMAGES, TRIALS};

/// How results were made, as captions and verdicts tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The data set's name.
    pub data: String,
    /// Whether it is drawn by this program.
    pub synthetic: bool,
    /// The data set of the online experiments.
    pub online_data: String,
    /// How many images of it there are to learn from.
    pub online_images: usize,
    /// Trials of each run.
    pub trials: u64,
    /// Episodes of each run, where they are not the paper's.
    pub episodes: Option<u64>,
    /// The seed of every run.
    pub seed: u64,
    /// Whether it was asked for in a hurry.
    pub quick: bool,
    /// What was asked for over the experiments' own settings, as `key=value`.
    pub assignments: Vec<String>,
    /// Units of the last layer, of which a guess takes one.
    pub outputs: usize,
}

/// The paper's data set, and that of its online experiments.
const PAPER_DATA: (&str, &str) = ("emnist-balanced", "mnist");

impl Context {
    /// The accuracy of a guess among all outputs.
    pub fn chance(&self) -> f64 {
        1.0 / self.outputs as f64
    }

    /// In what all runs differ from the paper's, one thing an entry.
    pub fn differences(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.synthetic {
            told.push(format!("synthetic data ({}), not EMNIST", self.data));
        } else if self.data != PAPER_DATA.0 {
            told.push(format!("tasks from {}, not {}", self.data, PAPER_DATA.0));
        }
        if self.trials != TRIALS {
            told.push(format!(
                "{}, not {TRIALS}",
                words::count(self.trials, "trial")
            ));
        }
        if let Some(episodes) = self.episodes {
            told.push(format!(
                "{}, not the paper's",
                words::count(episodes, "episode")
            ));
        }
        told.extend(self.keys(&[]).into_iter().filter_map(differs));
        told
    }

    /// The same, and in what some experiments of any kind differ besides.
    pub fn differences_of_all<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<String> {
        let mut own = Vec::new();
        for name in names {
            if let Some(experiment) = Experiment::find(name) {
                own.extend(self.differences_of(experiment));
            }
            if OnlineExperiment::find(name).is_some() {
                own.extend(self.online_differences());
            }
        }
        own.sort();
        own.dedup();
        [self.differences(), own].concat()
    }

    fn differences_of(&self, experiment: &Experiment) -> Vec<String> {
        let common = self.keys(&[]);
        let own = self.keys(experiment.settings).into_iter();
        let news = own.filter(|(key, value)| common.get(key) != Some(value));
        news.filter_map(differs).collect()
    }

    fn online_differences(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.online_data != PAPER_DATA.1 {
            told.push(format!(
                "digits of {}, not {}",
                self.online_data, PAPER_DATA.1
            ));
        }
        if self.online_images != PAPER_IMAGES {
            told.push(format!(
                "{} images to learn from, not {PAPER_IMAGES}",
                self.online_images
            ));
        }
        told
    }

    /// The settings of an experiment that are not defaults, by their keys.
    fn keys(&self, own: &[&'static str]) -> BTreeMap<String, String> {
        let asked = self.assignments.iter().map(String::as_str);
        let given = COMMON.iter().chain(own).copied().chain(asked);
        given
            .filter_map(|text| text.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }
}

/// What a setting means beside the paper, if it is not the paper's.
fn differs((key, value): (String, String)) -> Option<String> {
    Some(match (key.as_str(), value.as_str()) {
        ("optimiser", "adam") | ("tasks", "text") | ("penalty", "l1") => return None,
        ("optimiser", other) => format!("outer optimiser {other}, not plain Adam"),
        ("tasks", "code") => "tasks drawn as the released code does, not as the text says".into(),
        ("lambda", value) => format!("λ = {value}, of which the paper gives none"),
        // Table 1's network and the penalties of Fig. S5 are the paper's own, and a gain is
        // what its experiment is about.
        ("sizes", "784-130-70-47") | ("penalty" | "gain", _) => return None,
        (key, value) => format!("{key} = {value}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(assignments: &[&str]) -> Context {
        Context {
            data: "emnist-balanced".to_owned(),
            synthetic: false,
            online_data: "mnist".to_owned(),
            online_images: PAPER_IMAGES,
            trials: TRIALS,
            episodes: None,
            seed: 1,
            quick: false,
            assignments: assignments.iter().map(|text| (*text).to_owned()).collect(),
            outputs: 47,
        }
    }

    #[test]
    fn what_is_as_in_the_paper_is_not_told() {
        let paper = context(&["optimiser=adam", "tasks=text"]);
        assert_eq!(paper.differences(), <[String; 0]>::default());
        assert_eq!(paper.online_differences(), <[String; 0]>::default());
    }

    #[test]
    fn optimiser_data_network_and_penalty_are_told() {
        let mut context = context(&["sizes=784-20-47"]);
        context.data = "emnist-bymerge400".to_owned();
        context.online_images = 11_904;
        let told = context.differences().join("; ");
        for part in [
            "guarded, not plain Adam",
            "tasks from emnist-bymerge400",
            "sizes = 784-20-47",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let pool = context.differences_of(Experiment::named("pool"));
        assert_eq!(pool, ["λ = 2.1, of which the paper gives none"]);
        assert_eq!(
            context.online_differences(),
            ["11904 images to learn from, not 60000"]
        );
    }

    #[test]
    fn what_was_asked_for_goes_before_what_an_experiment_sets() {
        let pool = |asked: &[&str]| context(asked).differences_of(Experiment::named("pool"));
        assert_eq!(pool(&["lambda=1.5"]), <[String; 0]>::default());
        let common = context(&["lambda=1.5"]).differences();
        assert!(
            common.contains(&"λ = 1.5, of which the paper gives none".to_owned()),
            "{common:?}"
        );
    }
}
