//! Records made up for claims to be judged by.

use std::sync::LazyLock;

use meta::{FrozenRecord, OnlineRecord, Scores, Status};
use paper::{Context, EXPERIMENTS, FROZEN, FrozenMetrics, ONLINE, OnlineMetrics, Results, TABLE1};
use runs::{Metrics, Row};

pub(crate) const TRIALS: u64 = 20;
const EPISODES: u64 = 600;

/// What a made-up run measures in an episode.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) terms: Vec<&'static str>,
    pub(crate) accuracy: fn(u64) -> f64,
    pub(crate) theta: Vec<f64>,
    pub(crate) angles: Vec<f64>,
    pub(crate) orthonormality: fn(u64) -> f64,
}

/// A run like FA's: 25 % right, angles near 90°.
pub(crate) fn fa() -> Made {
    Made {
        terms: vec!["F0"],
        accuracy: |_| 0.25,
        theta: vec![0.01],
        angles: vec![89.0, 88.0, 87.0, 88.0, 87.0, 0.0],
        orthonormality: |_| 10.0,
    }
}

pub(crate) fn metrics(made: &Made, trials: u64) -> Metrics {
    let mut rows = Vec::new();
    for episode in 0..EPISODES {
        for trial in 0..trials {
            // Trials differ a little, so that intervals are no points.
            let shift = 0.001 * trial as f64;
            rows.push(Row {
                trial,
                episode,
                status: Status::Ok,
                divergence: None,
                loss: 1.0,
                cross_entropy: 1.0,
                accuracy: (made.accuracy)(episode) + shift,
                theta: made.theta.clone(),
                angles: made.angles.iter().map(|angle| angle + shift).collect(),
                orthonormality: vec![(made.orthonormality)(episode) + shift; 5],
                measured: vec![],
            });
        }
    }
    Metrics {
        terms: made.terms.iter().map(|term| (*term).to_owned()).collect(),
        layers: made.angles.len() - 1,
        measures: vec![],
        rows,
    }
}

pub(crate) fn online(accuracy: impl Fn(usize) -> f64, trials: u64) -> OnlineMetrics {
    let mut records = Vec::new();
    for trial in 0..trials {
        for images in (0..=10_000).step_by(250) {
            records.push(OnlineRecord {
                trial,
                images,
                scores: Scores {
                    cross_entropy: 1.0,
                    accuracy: accuracy(images) + 0.001 * trial as f64,
                    angles: vec![80.0; 7],
                    orthonormality: vec![1.0; 6],
                },
            });
        }
    }
    OnlineMetrics::of(records)
}

/// Accuracy of a network that begins to learn after some images and ends somewhere.
pub(crate) fn learner(begin: usize, end: f64) -> impl Fn(usize) -> f64 {
    move |images| if images < begin { 0.1 } else { end }
}

/// A test of five layers, two tasks a trial.
pub(crate) fn frozen(
    accuracy: f64,
    orthonormality: f64,
    cosines: (f64, f64),
    trials: u64,
) -> FrozenMetrics {
    let mut records = Vec::new();
    for trial in 0..trials {
        for task in 0..2 {
            let shift = 0.001 * trial as f64;
            let layers = |value: f64| vec![Some(value + shift); 5];
            records.push(FrozenRecord {
                trial,
                task,
                cross_entropy: Some(1.0),
                accuracy: accuracy + shift,
                orthonormality: layers(orthonormality),
                input: layers(100.0),
                weights_to_feedback: layers(cosines.0),
                ehebb_to_feedback: layers(cosines.1),
            });
        }
    }
    FrozenMetrics::of(records, 1.0 / 47.0)
}

pub(crate) fn context() -> Context {
    Context {
        data: "emnist-balanced".to_owned(),
        synthetic: false,
        online_data: "mnist".to_owned(),
        online_images: 60_000,
        trials: 20,
        episodes: None,
        seed: 0,
        quick: false,
        assignments: vec!["optimiser=adam".to_owned(), "tasks=text".to_owned()],
        outputs: 47,
    }
}

/// Records on which all claims hold, of so many trials.
pub(crate) fn as_in_the_paper(trials: u64) -> Results {
    static TWENTY: LazyLock<Results> = LazyLock::new(|| made(TRIALS));
    if trials == TRIALS {
        TWENTY.clone()
    } else {
        made(trials)
    }
}

fn made(trials: u64) -> Results {
    let mut results = Results::new(context());
    let fa = fa();
    let rule = |terms: &[&'static str], accuracy, angles: [f64; 6]| Made {
        terms: terms.to_vec(),
        theta: vec![0.01; terms.len()],
        accuracy,
        angles: angles.to_vec(),
        ..fa.clone()
    };
    let ehebb = rule(&["F0", "F2"], |_| 0.58, [88.0, 76.0, 60.0, 40.0, 20.0, 0.0]);
    let oja = Made {
        orthonormality: |episode| if episode < 50 { 3.0 } else { 1.0 },
        ..rule(&["F0", "F9"], |_| 0.66, [89.0, 84.0, 82.0, 81.0, 82.0, 0.0])
    };
    let bio = rule(
        &["F0", "F2", "F9"],
        |_| 0.72,
        [88.0, 79.0, 70.0, 54.0, 32.0, 0.0],
    );
    let pool = Made {
        theta: vec![0.01, 1e-5, -0.05, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 0.005],
        ..rule(
            &["F0", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9"],
            |episode| (0.25 + 0.01 * episode.saturating_sub(10) as f64).min(0.69),
            [88.0, 79.0, 70.0, 54.0, 32.0, 0.0],
        )
    };
    let bp = Made {
        accuracy: |_| 0.70,
        ..fa.clone()
    };
    let both = Made {
        accuracy: |_| 0.74,
        ..fa.clone()
    };
    for experiment in &EXPERIMENTS {
        let made = match experiment.name {
            "ehebb" => &ehebb,
            "oja" => &oja,
            "bio" => &bio,
            "bp" => &bp,
            name if name.starts_with("pool") => &pool,
            name if name.ends_with("bp-oja") => &both,
            name if name.ends_with("-bp") => &bp,
            _ => &fa,
        };
        results.add(experiment.name, metrics(made, trials));
    }
    for row in &TABLE1 {
        let angles = [&row.paper[..], &[0.0]].concat();
        let made = Made {
            angles,
            ..fa.clone()
        };
        results.add(row.experiment, metrics(&made, trials));
    }
    for experiment in &ONLINE {
        let made = match experiment.rule {
            "bp" => online(learner(250, 0.9), trials),
            "bio" => online(learner(500, 0.85), trials),
            "dfa" => online(learner(1000, 0.8), trials),
            _ => online(learner(2000, 0.5), trials),
        };
        results.add_online(experiment.name, made);
    }
    for experiment in &FROZEN {
        let made = match experiment.learned_by {
            "fa" => frozen(0.25, 10.0, (0.0, 0.0), trials),
            "oja" => frozen(0.66, 1.0, (0.0, 0.0), trials),
            "ehebb" => frozen(0.58, 10.0, (0.3, 0.6), trials),
            _ => frozen(0.69, 10.0, (0.0, 0.0), trials),
        };
        results.add_frozen(experiment.name, made);
    }
    results
}
