//! Meta-gradients of what goes beyond the paper, at the paper's size (784-170-130-100-70-47,
//! 250 updates): reverse mode against forward mode and finite differences, for each kind of
//! factor, pathway and state.

// Helpers count as tests too: what fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use autodiff::{GradientOptions, Rewind, Tape};
use datasets::Split;
use meta::{Episode, Setting, Settings, draw_setting};
use model::{Constant, Feedback, Lists, Parts, Rule};

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A rule with all that is meta-learned beside its coefficients.
struct Kind {
    name: &'static str,
    feedback: Feedback,
    terms: &'static [&'static str],
    back: &'static [&'static str],
    /// θ, φ, gains and constants.
    values: &'static [f64],
    constants: &'static [&'static str],
    populations: &'static [f64],
}

const PLAIN: Kind = Kind {
    name: "",
    feedback: Feedback::Fixed,
    terms: &["-e ⊗ y-"],
    back: &[],
    values: &[0.01],
    constants: &[],
    populations: &[],
};

const KINDS: [Kind; 9] = [
    Kind {
        name: "functions and constants",
        terms: &[
            "-e ⊗ y-",
            "-tanh(e) ⊗ (e- - b)",
            "y * (y - c) / (1 + y) ⊗ y-^2",
        ],
        constants: &["b", "c"],
        values: &[0.01, -0.01, 1e-5, 0.1, 0.3],
        ..PLAIN
    },
    Kind {
        name: "traces",
        terms: &["-e ⊗ y-", "y ⊗ (y- - trace(y-, r))", "-trace(e, 0.8) ⊗ y-"],
        constants: &["r"],
        values: &[0.005, 1e-5, 0.005, 0.7],
        ..PLAIN
    },
    Kind {
        name: "third factors",
        terms: &[
            "-e ⊗ y-",
            "-loss * e ⊗ y-",
            "right * y ⊗ (y- - W'y)",
            "-loss * W",
        ],
        values: &[0.005, 0.002, 1e-3, 1e-5],
        ..PLAIN
    },
    Kind {
        name: "products with the matrix",
        terms: &["-e ⊗ y-", "-e ⊗ W'e", "-We- ⊗ e-", "-sum(e * We-) * y ⊗ e-"],
        values: &[0.01, 0.01, 0.01, 1e-4],
        ..PLAIN
    },
    Kind {
        name: "Kolen and Pollack",
        terms: &["-e ⊗ y-", "-W"],
        back: &["-e ⊗ y-", "-W"],
        values: &[0.01, 1e-4, 0.01, 1e-4],
        ..PLAIN
    },
    Kind {
        name: "a mirror in direct feedback",
        feedback: Feedback::Direct,
        back: &["y ⊗ (y- - W'y)", "-W"],
        values: &[0.003, 1e-6, 1e-5],
        ..PLAIN
    },
    Kind {
        name: "mixed",
        feedback: Feedback::Mixed,
        terms: &["-e ⊗ y-", "-e ⊗ e-"],
        back: &["-e ⊗ y-"],
        values: &[0.01, -0.01, 0.001, 0.8, 0.3],
        ..PLAIN
    },
    Kind {
        name: "sign",
        feedback: Feedback::Sign,
        terms: &["-e ⊗ y-", "-e ⊗ e-"],
        values: &[0.01, -0.01],
        ..PLAIN
    },
    Kind {
        name: "populations",
        terms: &["-e ⊗ y-", "y ⊗ (y- - W'y)"],
        values: &[0.01, 0.012, 0.008, 0.01, 1e-3, 2e-3, 1e-3, 5e-4],
        populations: &[0.7, 0.3],
        ..PLAIN
    },
];

impl Kind {
    fn settings(&self) -> Settings {
        let constants = self.constants.iter().map(|name| Constant {
            name: (*name).to_owned(),
            start: 0.0,
        });
        let parts = Parts {
            lists: Lists::All(list(self.terms)),
            own: Vec::new(),
            back: list(self.back),
            constants: constants.collect(),
            populations: self.populations.to_vec(),
        };
        let mut settings = Settings::of(Rule::from_parts(self.name, self.feedback, parts).unwrap());
        settings.seed = 11;
        settings
    }
}

#[test]
fn gradients_of_every_kind_are_those_of_forward_mode_and_of_finite_differences() {
    let data = datasets::glyphs(Split::Test, 0);
    for kind in KINDS {
        let name = kind.name;
        let settings = kind.settings();
        let mut episode = Episode::of(&settings).unwrap();
        let mut setting: Setting<f64> = draw_setting(&settings, &data, 0, 0, kind.values);
        assert_eq!(setting.train.labels.len(), 250);
        let mut tape = Tape::<f64>::new();
        let recorded = episode.record(&mut tape, &setting);
        let loss = tape.scalar(recorded.meta_loss);
        assert!(loss.is_finite() && loss < 10.0, "{name}: {loss}");
        let options = GradientOptions::default();
        let gradient = tape.gradient_with(recorded.meta_loss, &recorded.theta, &options);
        assert_eq!(gradient.rewind, Rewind::Undo, "{name}: undoing was precise");
        let reverse: Vec<f64> = (0..kind.values.len()).map(|r| gradient.scalar(r)).collect();
        assert!(reverse.iter().all(|g| *g != 0.0), "{name}: {reverse:?}");

        // Along a direction in which every number changes by a like share of itself.
        let along: Vec<f64> = kind.values.iter().map(|x| 0.5 * x).collect();
        let parts = reverse.iter().zip(&along).map(|(g, a)| (g * a).abs());
        let size = parts.fold(0.0, f64::max);
        let promised: f64 = reverse.iter().zip(&along).map(|(g, a)| g * a).sum();
        let directions: Vec<[f64; 1]> = along.iter().map(|a| [*a]).collect();
        let directions = recorded.theta.iter().zip(&directions);
        let directions: Vec<_> = directions.map(|(x, a)| (*x, a.as_slice())).collect();
        let forward = tape.tangent(&[recorded.meta_loss], &directions)[0][0];
        // Some 1e5 operations in a row at 1e-16.
        let off = (promised - forward).abs() / size;
        assert!(off < 1e-9, "{name}: forward is off by {off:e}");

        // Differences see signs of W turn, which derivatives take as constants.
        if kind.feedback == Feedback::Sign {
            continue;
        }
        let mut at = |by: f64| {
            let moved = kind.values.iter().zip(&along);
            setting.theta = moved.map(|(x, a)| x + by * a).collect();
            let recorded = episode.record(&mut tape, &setting);
            tape.scalar(recorded.meta_loss)
        };
        // Five points: a truncation of order h⁴, and a change of the loss of about 1e-5,
        // known to 1e-16 and amplified by the episode's curvature.
        let h = 1e-5;
        let inner = at(h) - at(-h);
        let outer = at(2.0 * h) - at(-2.0 * h);
        let differences = (8.0 * inner - outer) / (12.0 * h);
        let off = (promised - differences).abs() / size;
        assert!(off < 1e-6, "{name}: differences are off by {off:e}");
    }
}

#[test]
fn the_coefficients_of_one_population_are_shared_and_those_of_several_add_up_to_it() {
    let data = datasets::glyphs(Split::Test, 0);
    let gradient = |populations: &'static [f64], values: &'static [f64]| {
        let kind = Kind {
            terms: &["-e ⊗ y-", "-e ⊗ e-", "y ⊗ (y- - W'y)"],
            values,
            populations,
            ..PLAIN
        };
        let mut settings = kind.settings();
        settings.learner.network.sizes = vec![784, 20, 15, 47];
        settings.tasks.shots = 4;
        let setting: Setting<f64> = draw_setting(&settings, &data, 0, 0, values);
        let mut episode = Episode::of(&settings).unwrap();
        let (outcome, state) = episode.run_with_state(&mut Tape::new(), &setting);
        (outcome.gradient.theta, state)
    };
    let (shared, state) = gradient(&[], &[0.01, -0.02, 0.002]);
    assert_eq!(
        (shared.clone(), state.clone()),
        gradient(&[1.0], &[0.01, -0.02, 0.002])
    );
    let apart = [
        0.01, 0.01, 0.01, 0.01, -0.02, -0.02, -0.02, -0.02, 0.002, 0.002, 0.002, 0.002,
    ];
    let (pairs, same) = gradient(&[0.7, 0.3], Box::leak(Box::new(apart)));
    for (w, same) in state.w.iter().zip(&same.w) {
        let off = (w - same).fold(0.0, |m: f64, x| m.max(x.abs()));
        assert!(off < 1e-12, "{off:e}");
    }
    for (r, whole) in shared.iter().enumerate() {
        let parts = &pairs[4 * r..4 * (r + 1)];
        assert!(parts.iter().all(|g| *g != 0.0), "{parts:?}");
        let sum: f64 = parts.iter().sum();
        let size = parts.iter().fold(whole.abs(), |m, x| m.max(x.abs()));
        // Sums in another order: roundings of the largest part.
        assert!((sum - whole).abs() < 1e-11 * size, "{r}: {sum} {whole}");
    }
}
