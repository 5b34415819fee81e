//! Derivatives of programs that nobody thought of.
//!
//! Programs are drawn over a small pool of values, so that one vector is both sides of a
//! term, read and written, shared by terms and matrices; matrices start at zero, are
//! scaled away, turned round, updated after the loss. Whatever two ways there are to a
//! derivative must agree.
//!
//! `METAPLAST_PROGRAMS=100000 cargo test --release -p metaplast-autodiff --test programs
//! -- --nocapture` draws that many; `METAPLAST_SEED=1` draws others.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod check;
mod draw;
mod functions;
mod run;

use std::collections::BTreeMap;

use check::{Disagreement, Outcome};
use draw::Program;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// How many programs to draw: `METAPLAST_PROGRAMS`, or so many.
const PROGRAMS: usize = 1000;

/// The first program of a kind that disagrees, made as small as it goes.
fn smallest(mut tree: impl ValueTree<Value = Program>, kind: &str) -> (Program, Disagreement) {
    let fails = |program: &Program| check::check(program).err().filter(|d| d.what == kind);
    let mut found = (tree.current(), fails(&tree.current()).unwrap());
    while tree.simplify() {
        loop {
            if let Some(disagreement) = fails(&tree.current()) {
                found = (tree.current(), disagreement);
                break;
            }
            if !tree.complicate() {
                return found;
            }
        }
    }
    found
}

#[test]
fn all_ways_to_a_derivative_agree_on_random_programs() {
    let count = std::env::var("METAPLAST_PROGRAMS").map_or(PROGRAMS, |n| {
        n.parse().expect("METAPLAST_PROGRAMS is a count")
    });
    let seed: u64 = std::env::var("METAPLAST_SEED").map_or(0, |seed| {
        seed.parse().expect("METAPLAST_SEED is a whole number")
    });
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &key);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = draw::program(14);
    let mut outcomes = Vec::new();
    let mut disagreements: BTreeMap<&str, (usize, Program, Disagreement)> = BTreeMap::new();
    for _ in 0..count {
        let tree = strategy.new_tree(&mut runner).unwrap();
        match check::check(&tree.current()) {
            Ok(outcome) => outcomes.push(outcome),
            Err(Disagreement { what, .. }) => {
                disagreements
                    .entry(what)
                    .and_modify(|(count, ..)| *count += 1)
                    .or_insert_with(|| {
                        let (program, disagreement) = smallest(tree, what);
                        (1, program, disagreement)
                    });
            }
        }
    }
    let share = |is: fn(&Outcome) -> bool| {
        outcomes.iter().filter(|o| is(o)).count() as f64 / outcomes.len() as f64
    };
    let (wild, first) = (share(|o| o.wild), share(|o| o.differences));
    let (second, f32) = (share(|o| o.second_differences), share(|o| o.f32));
    println!(
        "{count} programs of seed {seed}: {wild:.3} too wild to compare; differences could judge {first:.3} at \
         order one, {second:.3} at order two; f32 was compared in {f32:.3}"
    );
    let out_of_proportion = share(|o| !o.in_proportion);
    println!("{out_of_proportion:e} of them have a derivative that is off in proportion to itself");
    for (what, (times, program, disagreement)) in &disagreements {
        println!("{what}: {times} times, as {disagreement:?} of\n{program:?}");
    }
    assert!(
        disagreements.is_empty(),
        "{} kinds of disagreement",
        disagreements.len()
    );
    // Rounding of the large takes digits from the small in a few of a hundred thousand; a
    // product followed however imprecise does in a few of ten thousand.
    assert!(out_of_proportion <= 1e-4, "{out_of_proportion:e}");
    // A harness that leaves most programs out would find nothing.
    assert!(wild < 0.2 && first > 0.6 && second > 0.5 && f32 > 0.3);
}
