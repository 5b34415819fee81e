use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::Status;
use super::*;
use crate::{OptimiserKind, Scores, Wants};

const KINDS: [OptimiserKind; 5] = [
    OptimiserKind::Adam,
    OptimiserKind::Guarded,
    OptimiserKind::Es,
    OptimiserKind::Cma,
    OptimiserKind::Newton,
];

fn settings(optimiser: OptimiserKind, trials: u64, episodes: u64, batch: usize) -> Settings {
    let mut settings = Settings::default();
    let outer = &mut settings.outer;
    (outer.optimiser, outer.trials, outer.episodes) = (optimiser, trials, episodes);
    (outer.batch, outer.population) = (batch, 4);
    settings
}

fn schedule(settings: &Settings) -> Schedule {
    let trials = 0..settings.outer.trials;
    Schedule::new(settings, TrainingState::new(settings, trials))
}

/// A bowl whose lowest point differs from task to task; one task in eleven diverges.
fn carry_out(settings: &Settings, job: &Job) -> Product {
    let parameters = match &job.task {
        Task::Sizes(theta) => return Product::Sizes(vec![1.0; theta.len()]),
        Task::Evaluate(parameters) => parameters,
    };
    let place = settings.outer.place(job.episode);
    let n = parameters.len();
    let centre = |r: usize| 0.01 * ((7 * place.task as usize + 3 * r + job.trial) % 5) as f64;
    let finite = place.task % 11 != 10;
    let (mut loss, mut gradient, mut hessian) = (2.0, Vec::new(), vec![0.0; n * n]);
    for (r, x) in parameters.iter().enumerate() {
        let off = x - centre(r);
        loss += 50.0 * off * off;
        gradient.push(100.0 * off);
        hessian[r * n + r] = 100.0;
    }
    if !finite {
        loss = f64::NAN;
    }
    if place.wants < Wants::Gradient {
        gradient.clear();
    }
    if place.wants < Wants::Hessian {
        hessian.clear();
    }
    let record = EpisodeRecord {
        trial: job.trial as u64,
        episode: job.episode,
        status: if finite { Status::Ok } else { Status::Diverged },
        theta: parameters.clone(),
        // So that records can be compared.
        loss: if finite { loss } else { -1.0 },
        scores: Scores {
            cross_entropy: 0.0,
            accuracy: 0.0,
            angles: Vec::new(),
            orthonormality: Vec::new(),
        },
        measured: Vec::new(),
        residual: 0.0,
        replayed: false,
        divergence: None,
    };
    let evidence = Evidence {
        finite,
        loss,
        cross_entropy: loss,
        gradient,
        hessian,
    };
    Product::Episode(Box::new(record), evidence)
}

/// Carries out everything with so many jobs at a time, of which `choose` says which ends
/// next. Before every `cut`-th end, everything but the state is lost.
fn run(
    settings: &Settings,
    together: usize,
    cut: usize,
    mut choose: impl FnMut(usize) -> usize,
) -> (Vec<EpisodeRecord>, TrainingState) {
    let (mut schedule, mut running, mut records) = (schedule(settings), Vec::new(), Vec::new());
    let mut ends = 0;
    loop {
        while running.len() < together
            && let Some(job) = schedule.take()
        {
            running.push(job);
        }
        if running.is_empty() {
            break;
        }
        let job = running.swap_remove(choose(running.len()));
        let product = carry_out(settings, &job);
        schedule.end(&job, product);
        records.extend(schedule.hand_out());
        ends += 1;
        if ends % cut == 0 {
            schedule = schedule.with_state(schedule.state().clone()).unwrap();
            running.clear();
        }
    }
    assert!(schedule.is_finished());
    (records, schedule.state().clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn neither_the_order_in_which_jobs_end_nor_what_is_lost_on_the_way_changes_anything(
        optimiser in proptest::sample::select(KINDS.to_vec()),
        (trials, episodes, batch) in (1..5_u64, 1..60_u64, 1..4_usize),
        (together, cut) in (1..9_usize, 1..40_usize),
        order in proptest::collection::vec(any::<usize>(), 16),
    ) {
        let settings = settings(optimiser, trials, episodes, batch);
        let (records, state) = run(&settings, 1, usize::MAX, |_| 0);
        let mut order = order.into_iter().cycle();
        let found = run(&settings, together, cut, |n| order.next().unwrap_or(0) % n);
        prop_assert_eq!(&found.0, &records);
        prop_assert_eq!(found.1, state);
        let places = records.iter().map(|record| (record.episode, record.trial));
        let wanted = (0..episodes).flat_map(|e| (0..trials).map(move |t| (e, t)));
        prop_assert!(places.eq(wanted), "all records, in order");
    }
}

#[test]
fn the_episodes_of_a_step_share_their_parameters_and_steps_follow_the_mean() {
    let settings = settings(OptimiserKind::Adam, 1, 6, 3);
    let (records, _) = run(&settings, 3, usize::MAX, |_| 0);
    assert!(records[..3].iter().all(|r| r.theta == records[0].theta));
    assert!(records[3..].iter().all(|r| r.theta == records[3].theta));
    assert_ne!(records[0].theta, records[3].theta);
}

#[test]
fn trials_do_not_depend_on_how_many_there_are() {
    for optimiser in KINDS {
        let (few, _) = run(&settings(optimiser, 1, 12, 2), 2, usize::MAX, |_| 0);
        let (many, _) = run(&settings(optimiser, 3, 12, 2), 2, usize::MAX, |_| 0);
        let first: Vec<EpisodeRecord> = many.into_iter().filter(|r| r.trial == 0).collect();
        assert_eq!(few, first, "{optimiser}");
    }
}

/// Milliseconds of forty episodes of the pool at the paper's size, timed one after the
/// other on a machine with much else to do.
const MEASURED: [f64; 40] = [
    406.8, 460.0, 310.0, 499.6, 362.2, 417.1, 284.5, 461.2, 490.8, 366.9, 260.0, 242.3, 436.0,
    367.1, 243.9, 274.8, 391.4, 279.9, 404.0, 327.2, 412.0, 480.0, 270.8, 303.9, 304.0, 412.0,
    368.0, 465.4, 248.1, 320.0, 351.7, 266.4, 472.0, 472.0, 372.0, 543.9, 464.0, 261.2, 412.0,
    444.3,
];

/// The share of time in which threads have nothing to do, if jobs take the measured times.
fn idle(settings: &Settings, threads: usize) -> f64 {
    let mut schedule = schedule(settings);
    // By their end in whole nanoseconds, and then by thread.
    let mut running: BTreeMap<(u64, usize), Job> = BTreeMap::new();
    let mut free: Vec<usize> = (0..threads).collect();
    let (mut now, mut busy) = (0, 0);
    loop {
        while let Some(thread) = free.pop() {
            let Some(job) = schedule.take() else {
                free.push(thread);
                break;
            };
            let place = 17 * job.episode as usize + 7 * job.trial;
            let takes = (1e6 * MEASURED[place % MEASURED.len()]) as u64;
            busy += takes;
            running.insert((now + takes, thread), job);
        }
        let Some(((end, thread), job)) = running.pop_first() else {
            break;
        };
        now = end;
        free.push(thread);
        let product = carry_out(settings, &job);
        schedule.end(&job, product);
        schedule.hand_out();
    }
    assert!(schedule.is_finished());
    1.0 - busy as f64 / (threads as u64 * now) as f64
}

#[test]
fn twenty_trials_keep_two_to_sixteen_threads_busy() {
    for optimiser in KINDS {
        for threads in [2, 4, 8, 16] {
            let share = idle(&settings(optimiser, 20, 60, 1), threads);
            assert!(share < 0.05, "{optimiser}, {threads} threads: {share}");
        }
    }
    // Without a queue of all trials' evaluations: 20 trials need 3 turns of 8 threads.
    assert!(idle(&settings(OptimiserKind::Adam, 3, 160, 1), 2) < 0.05);
    assert!(idle(&settings(OptimiserKind::Adam, 1, 160, 8), 4) < 0.2);
    // One trial has one episode at a time.
    assert!(idle(&settings(OptimiserKind::Adam, 1, 60, 1), 2) > 0.45);
}

#[test]
fn a_state_of_something_else_is_refused() {
    let good = settings(OptimiserKind::Adam, 2, 9, 3);
    let mut running = schedule(&good);
    let jobs: Vec<Job> = std::iter::from_fn(|| running.take()).collect();
    assert_eq!(jobs.len(), 6);
    for job in &jobs[1..3] {
        running.end(job, carry_out(&good, job));
    }
    let state = running.state().clone();
    assert!(running.with_state(state.clone()).is_ok());
    let refused = |settings: &Settings, change: &dyn Fn(&mut TrainingState)| {
        let mut state = state.clone();
        change(&mut state);
        schedule(settings).with_state(state).err()
    };
    let other = |optimiser, trials, episodes, batch| {
        refused(&settings(optimiser, trials, episodes, batch), &|_| {})
    };
    let (found, wanted) = (2, 3);
    assert_eq!(
        other(OptimiserKind::Adam, 3, 9, 3),
        Some(StateError::Trials { found, wanted })
    );
    let trial = |trial| Some(StateError::Trial(trial));
    assert_eq!(other(OptimiserKind::Cma, 2, 9, 3), trial(0));
    // Of a batch of one nobody asks for three episodes.
    assert_eq!(other(OptimiserKind::Adam, 2, 9, 1), trial(0));
    let lost = refused(&good, &|state| state.waiting.clear());
    assert_eq!(lost, Some(StateError::Records));
    let early = refused(&good, &|state| state.handed_out = 1);
    assert_eq!(early, Some(StateError::Records));
    let past = refused(&good, &|state| state.trials[1].episode = 10);
    assert_eq!(past, trial(1));
    let foreign = refused(&good, &|state| state.trials[1].trial = 7);
    assert_eq!(foreign, trial(1));
    let short = refused(&good, &|state| {
        for evidence in state.trials[0].found.values_mut() {
            evidence.gradient.pop();
        }
    });
    assert_eq!(short, trial(0));
}
