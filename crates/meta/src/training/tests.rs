use std::sync::LazyLock;

use datasets::Split;

use super::*;
use crate::{OptimiserKind, TaskSettings};

static DATA: LazyLock<Arc<Dataset>> = LazyLock::new(|| Arc::new(datasets::glyphs(Split::Test, 0)));

fn data() -> Arc<Dataset> {
    Arc::clone(&DATA)
}

/// A few small episodes of the rule "bio".
fn settings(optimiser: OptimiserKind) -> Settings {
    let mut settings = Settings::default();
    settings.learner.network.sizes = vec![784, 8, 47];
    settings.tasks = TaskSettings {
        ways: 2,
        shots: 3,
        queries: 2,
        ..TaskSettings::default()
    };
    let outer = &mut settings.outer;
    (outer.optimiser, outer.trials, outer.episodes) = (optimiser, 3, 14);
    (outer.batch, outer.population) = (2, 4);
    settings
}

fn training(settings: &Settings, threads: usize) -> Training {
    Training::new(settings, data(), &Threads::new(threads).unwrap()).unwrap()
}

const KINDS: [OptimiserKind; 5] = [
    OptimiserKind::Adam,
    OptimiserKind::Guarded,
    OptimiserKind::Es,
    OptimiserKind::Cma,
    OptimiserKind::Newton,
];

#[test]
fn records_are_the_same_with_any_number_of_threads() {
    for optimiser in KINDS {
        let settings = settings(optimiser);
        let one = training(&settings, 1).finish();
        assert_eq!(one.len(), 3 * 14);
        for threads in [2, 3] {
            let mut training = training(&settings, threads);
            assert_eq!(training.finish(), one, "{optimiser}, {threads} threads");
            assert!(training.is_finished() && training.finish().is_empty());
        }
    }
}

#[test]
fn a_training_that_is_stopped_again_and_again_ends_with_the_same_records() {
    for optimiser in KINDS {
        let settings = settings(optimiser);
        let whole = training(&settings, 1).finish();
        let (mut records, mut stops) = (Vec::new(), 0);
        let mut part = training(&settings, 2);
        while !part.is_finished() {
            let stop = AtomicBool::new(false);
            part.run(&stop, |news| {
                // Stopped from outside, and by whoever watches, in turn.
                let state = news.state().clone();
                records.extend(news.into_records());
                assert_eq!(state.handed_out, records.len() as u64);
                stops += 1;
                if stops % 3 == 1 {
                    stop.store(true, Ordering::Relaxed);
                }
                if stops % 3 == 2 {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            });
            part = training(&settings, 2).with_state(part.state()).unwrap();
        }
        assert!(stops > 3);
        assert_eq!(records, whole, "{optimiser}");
    }
}

#[test]
fn a_recorded_episode_comes_out_alone_as_it_did_in_the_run() {
    for optimiser in KINDS {
        let settings = settings(optimiser);
        let data = data();
        for record in training(&settings, 2).finish().into_iter().step_by(3) {
            let (trial, episode) = (record.trial, record.episode);
            let alone = measure_episode(&settings, &data, trial, episode, &record.theta);
            assert_eq!(alone, Ok(record), "{optimiser}");
        }
    }
}

#[test]
fn where_losses_are_enough_nothing_is_differentiated() {
    let mut settings = settings(OptimiserKind::Es);
    settings.outer.batch = 1;
    let mut worker = Worker::<f32>::new(&settings);
    let (record, evidence) = worker.evaluate(&settings, &data(), (0, 0), &[1e-3, 0.0, 0.0]);
    assert!(evidence.gradient.is_empty() && evidence.hessian.is_empty());
    assert_eq!(record.residual, 0.0);
    // A whole episode is on the tape, which a reverse sweep would have used up.
    settings.outer.optimiser = OptimiserKind::Adam;
    let (other, evidence) = worker.evaluate(&settings, &data(), (0, 0), &[1e-3, 0.0, 0.0]);
    assert_eq!((record.loss, record.scores), (other.loss, other.scores));
    assert_eq!(evidence.gradient.len(), 3);
}

#[test]
fn the_hessian_is_that_of_differences_of_gradients() {
    let mut settings = settings(OptimiserKind::Newton);
    settings.numerics.precision = Precision::F64;
    (settings.outer.penalty.norm, settings.outer.penalty.lambda) = (crate::Norm::L2, 0.3);
    settings.outer.batch = 1;
    let theta = [0.02, -0.01, 0.003];
    let mut worker = Worker::<f64>::new(&settings);
    let (_, evidence) = worker.evaluate(&settings, &data(), (0, 0), &theta);
    let mut gradient = |theta: &[f64]| {
        let mut settings = settings.clone();
        settings.outer.optimiser = OptimiserKind::Adam;
        worker
            .evaluate(&settings, &data(), (0, 0), theta)
            .1
            .gradient
    };
    let at = gradient(&theta);
    for (a, b) in at.iter().zip(&evidence.gradient) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
    for r in 0..3 {
        let moved = |by: f64| {
            let mut theta = theta;
            theta[r] += by;
            theta
        };
        // Truncation of order (h/θ)², 1e-6 here, and rounding of 1e-11/h.
        let h = 2e-6;
        let (up, down) = (gradient(&moved(h)), gradient(&moved(-h)));
        for s in 0..3 {
            let wanted = (up[s] - down[s]) / (2.0 * h);
            let found = evidence.hessian[r * 3 + s];
            let off = (found - wanted).abs() / (1.0 + wanted.abs());
            assert!(off < 1e-5, "{r} {s}: {found} {wanted}");
        }
    }
}

#[test]
fn trials_with_enough_to_do_leave_two_threads_idle_for_less_than_a_twentieth() {
    let mut settings = settings(OptimiserKind::Adam);
    (settings.outer.trials, settings.outer.episodes) = (20, 30);
    settings.learner.network.sizes = vec![784, 60, 47];
    let mut training = training(&settings, 2);
    training.finish();
    let Idle { waited, total } = training.idle();
    assert!(total > Duration::ZERO);
    assert!(waited * 20 < total, "{waited:?} of {total:?}");
}
