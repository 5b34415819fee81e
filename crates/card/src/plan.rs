use std::fmt;
use std::path::PathBuf;

use datasets::{Dataset, Roots, Split, find, names_in};
use meta::Settings;
use model::{ParameterKind, Rule};
use paper::final_theta;
use plots::Setting;
use runs::{Finished, RunError};

/// What a card is to be about, and how much is to be measured for it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The directory of a finished run.
    pub run: PathBuf,
    /// Trials of each test; all of the run's, if not given.
    pub trials: Option<u64>,
    /// Fresh tasks of each trial.
    pub tasks: u64,
}

/// The K at which every rule is tried, beside its own.
const SHOTS: [usize; 4] = [5, 10, 20, 50];

/// A finished run, with what is to be tried of its rule.
pub struct Plan {
    pub(crate) ask: Ask,
    pub(crate) finished: Finished,
    pub(crate) setting: Setting,
    /// The coefficients that each trial arrived at.
    pub(crate) theta: Vec<Vec<f64>>,
    /// Data sets to try it on, the run's own first.
    pub(crate) sets: Vec<Dataset>,
    /// K, in order.
    pub(crate) shots: Vec<usize>,
    /// What is removed from the rule, one after the other.
    pub(crate) parts: Vec<Part>,
    /// What a reader should know, a line each.
    pub(crate) notes: Vec<String>,
}

/// What can be removed from a rule: a term, or a path that brings errors.
pub(crate) struct Part {
    /// As it is called: "F2", "phi_F0", "gain_1".
    pub(crate) name: String,
    /// The meta-learned numbers that are set to 0.
    pub(crate) parameters: Vec<usize>,
}

impl Plan {
    /// Reads the run that `ask` names. Its rule is going to be tried on the run's own data,
    /// and on those of `others`, asked for the half that the run's tasks are drawn from,
    /// that its network can see; those that it cannot are left out with a note, and those
    /// with the same images without.
    ///
    /// # Errors
    /// If the folder holds no run, an unfinished or changed one or a part of one, or its
    /// data are not found; and those of `others`.
    pub fn open(
        ask: Ask,
        others: impl FnOnce(Split) -> Result<Vec<Dataset>, RunError>,
    ) -> Result<Plan, RunError> {
        let finished = Finished::read(&ask.run)?;
        let setting = Setting::read("config.toml", &ask.run.join("config.toml"))?;
        let config = &finished.config;
        let own = config.data.as_deref().unwrap_or("glyphs");
        let own = datasets::open(own, config.split);
        let own = own.map_err(|error| RunError::Input(format!("{error}; a card needs them")))?;
        config.check(&own)?;
        let mut theta = final_theta(&finished.metrics, &config.settings.outer);
        if let Some(trials) = ask.trials {
            theta.truncate(usize::try_from(trials).unwrap_or(usize::MAX));
        }
        let learner = &config.settings.learner;
        let parts = parts(&learner.rule, learner.feedback);
        let own_shots = config.settings.tasks.shots;
        let mut shots: Vec<usize> = SHOTS.into_iter().chain([own_shots]).collect();
        shots.sort_unstable();
        shots.dedup();
        let mut plan = Plan {
            ask,
            setting,
            theta,
            sets: vec![own],
            shots,
            parts,
            notes: Vec::new(),
            finished,
        };
        for set in others(plan.finished.config.split)? {
            plan.add(set);
        }
        Ok(plan)
    }

    /// What a user should know, a line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn add(&mut self, set: Dataset) {
        if self.sets.iter().any(|own| own.checksum() == set.checksum()) {
            return;
        }
        let fits = |k: &usize| self.settings(*k).check(&set).is_ok();
        if self.shots.iter().any(fits) {
            self.sets.push(set);
        } else if let Err(error) = self.settings(self.shots[0]).check(&set) {
            self.notes
                .push(format!("{} is left out: {error}", set.name()));
        }
    }

    /// The run's settings with another K.
    pub(crate) fn settings(&self, shots: usize) -> Settings {
        let mut settings = self.finished.config.settings.clone();
        settings.tasks.shots = shots;
        settings
    }

    /// How many trials of tests there are, all of them together: what [`Plan::measure`]
    /// counts.
    pub fn work(&self) -> u64 {
        let tests = self.sets.len() * self.shots.len() + self.parts.len();
        (tests * self.theta.len()) as u64
    }
}

impl fmt::Display for Plan {
    /// What is going to be tried, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets: Vec<&str> = self.sets.iter().map(Dataset::name).collect();
        write!(
            f,
            "{}: {} of {} on {}, with {} values of K and without each of {}",
            self.finished.config.settings.learner.rule.name,
            words::count(self.theta.len() as u64, "trial"),
            words::count(self.ask.tasks, "fresh task"),
            sets.join(", "),
            self.shots.len(),
            words::count(self.parts.len() as u64, "term")
        )
    }
}

/// The data sets of these names, or if there are none, all that are at hand and whole.
///
/// # Errors
/// If a named one cannot be had, or METAPLAST_DATA names no folder.
pub fn named_or_found(named: &[String], split: Split) -> Result<Vec<Dataset>, RunError> {
    if !named.is_empty() {
        let sets = named.iter().map(|name| Ok(datasets::open(name, split)?));
        return sets.collect();
    }
    let roots = Roots::from_env()?;
    let names = names_in(&roots)?;
    // What is damaged is for `data check` to tell.
    let open = |name: &String| datasets::open_in(&roots, name, split).ok();
    let there =
        |name: &&String| *name == "glyphs" || matches!(find(name, split, &roots), Ok(Some(_)));
    Ok(names.iter().filter(there).filter_map(open).collect())
}

/// Terms of W, terms of B and gains, each with all of its numbers.
fn parts(rule: &Rule, feedback: model::Feedback) -> Vec<Part> {
    let pairs = rule.groups().pow(2);
    let mut parts: Vec<Part> = Vec::new();
    for (i, parameter) in rule.parameters(feedback).iter().enumerate() {
        let (first, size) = match parameter.kind {
            ParameterKind::Theta => (0, pairs),
            ParameterKind::Phi => (rule.terms.len() * pairs, pairs),
            ParameterKind::Gain => (i, 1),
            // A constant of 0 is no less a constant.
            ParameterKind::Constant => continue,
        };
        if (i - first).is_multiple_of(size) {
            let shown = parameter.shown();
            let name = match size {
                1 => shown,
                // Without the pair of groups behind it.
                _ => shown
                    .rsplit_once('_')
                    .map_or(shown.clone(), |(name, _)| name.to_owned()),
            };
            parts.push(Part {
                name,
                parameters: (i..i + size).collect(),
            });
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Feedback;

    #[test]
    fn what_is_removed_is_a_whole_term_whatever_number_of_coefficients_it_has() {
        let names = |rule: &Rule, feedback| -> Vec<(String, Vec<usize>)> {
            let parts = parts(rule, feedback).into_iter();
            parts.map(|part| (part.name, part.parameters)).collect()
        };
        let mut rule = Rule::built_in("ehebb").unwrap();
        rule.back = rule.terms[..1].to_vec();
        let wanted = [("F0", vec![0]), ("F2", vec![1]), ("phi_F0", vec![2])];
        let wanted = wanted.map(|(name, list)| (name.to_owned(), list));
        assert_eq!(names(&rule, Feedback::Fixed), wanted);
        let mixed = names(&rule, Feedback::Mixed);
        assert_eq!(
            mixed[3..],
            [
                ("gain_0".to_owned(), vec![3]),
                ("gain_1".to_owned(), vec![4])
            ]
        );
        rule.back.clear();
        rule.populations = vec![0.5, 0.5];
        let wanted = [
            ("F0".to_owned(), vec![0, 1, 2, 3]),
            ("F2".to_owned(), vec![4, 5, 6, 7]),
        ];
        assert_eq!(names(&rule, Feedback::Fixed), wanted);
    }
}
