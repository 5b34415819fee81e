//! The step loop allocates nothing once the tape has its memory.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use autodiff::Tape;
use datasets::Split;
use meta::{Batch, Drawn, Episode, Penalty, Settings, draw_setting};
use model::{Network, Rule, Term};

/// Allocations of recording and differentiating an episode of `steps` updates, on a
/// tape that has run a longer one.
fn allocations(rule: &str, steps: usize) -> u64 {
    let rule = Rule::built_in(rule).unwrap();
    let network = Network {
        sizes: vec![784, 20, 15, 47],
        ..Network::default()
    };
    let mut settings = Settings::of(rule);
    settings.learner.network = network;
    let data = datasets::glyphs(Split::Test, 0);
    let theta = vec![1e-5; settings.learner.rule.terms.len()];
    let whole = draw_setting::<f32>(&settings, &data, 0, 0, &theta);
    let mut part = whole.clone();
    part.train = Batch {
        x: whole.train.x[..steps * 784].to_vec(),
        labels: whole.train.labels[..steps].to_vec(),
    };
    let mut episode = Episode::new(
        &settings.learner.network,
        settings.learner.feedback,
        &settings.learner.rule,
        Penalty::l1(0.1),
    )
    .unwrap();
    let mut tape = Tape::new();
    let mut run = |setting| {
        let recorded = episode.record(&mut tape, setting);
        episode.differentiate(&mut tape, &recorded);
    };
    // The longer episode first, and the shorter too: buffers go where they were last.
    run(&whole);
    run(&part);
    allocation_counter::measure(|| run(&part)).count_total
}

/// Bytes that two episodes with a rule and a tape take.
struct Memory {
    at_most: u64,
    in_the_end: u64,
    /// What the tape says.
    reported: usize,
}

fn memory(rule: Rule) -> Memory {
    let data = datasets::glyphs(Split::Test, 0);
    let settings = Settings::of(rule);
    let theta = vec![1e-5; settings.learner.parameters().len()];
    let mut kept = None;
    let found = allocation_counter::measure(|| {
        let mut episode = Episode::of(&settings).unwrap();
        let mut tape = Tape::<f32>::new();
        for number in 0..2 {
            let start = Drawn::new(&settings, &data, (0, number), &theta);
            episode.run(&mut tape, &start);
        }
        kept = Some(tape);
    });
    Memory {
        at_most: found.bytes_max,
        in_the_end: u64::try_from(found.bytes_current).unwrap(),
        reported: kept.unwrap().footprint(),
    }
}

#[test]
fn an_episode_takes_the_memory_that_its_tape_reports() {
    for name in ["fa", "bio", "pool"] {
        let found = memory(Rule::built_in(name).unwrap());
        // After its first step a tape makes room for the others, and a little more than
        // the query images need; it never outgrows it.
        for (when, bytes) in [("in the end", found.in_the_end), ("at most", found.at_most)] {
            let share = bytes as f64 / found.reported as f64;
            assert!(
                (1.0..1.4).contains(&share),
                "{name}: {when} {share:.2} times as much"
            );
        }
    }
}

#[test]
fn feedback_that_learns_takes_at_most_1_4_times_the_memory_of_fixed_feedback() {
    let fixed = Rule::built_in("fa").unwrap();
    let before = memory(fixed.clone()).at_most as f64;
    for back in [["-e ⊗ y-", "-W"], ["y ⊗ y-", "-W"]] {
        let back = back.map(|text| Term::from_text(text, text, &[]).unwrap());
        let mut rule = fixed.clone();
        rule.back = back.to_vec();
        let times = memory(rule).at_most as f64 / before;
        assert!(times <= 1.4, "{back:?}: {times:.3} times as much");
    }
}

#[test]
fn no_step_of_the_inner_loop_allocates() {
    for rule in ["fa", "bp", "bp-exact", "dfa", "bio", "pool"] {
        let (few, many) = (allocations(rule, 20), allocations(rule, 200));
        // What is left is done once an episode: matrices, results, lists of both.
        assert_eq!(
            few,
            many,
            "{rule}: 180 steps more, {} allocations more",
            many - few
        );
        assert!(few < 200, "{rule}: {few} allocations an episode");
    }
}
