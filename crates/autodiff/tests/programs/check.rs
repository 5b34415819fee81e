//! What must agree in one program.

use autodiff::{GradientOptions, Tape, Var};
use ndarray::Array2;

use crate::draw::Program;
use crate::run::{How, Recording, direction, weights_direction};

/// What became of a program.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// Its numbers grew past what comparisons can be made of.
    pub(crate) wild: bool,
    /// Differences agreed with themselves, so that they could be compared with.
    pub(crate) differences: bool,
    /// So did differences of gradients.
    pub(crate) second_differences: bool,
    /// Derivatives by scalars agreed in proportion to themselves.
    pub(crate) in_proportion: bool,
    /// f32 could be compared with f64.
    pub(crate) f32: bool,
}

/// Two ways to a number that do not lead to the same.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "read by people, as it is printed")]
pub(crate) struct Disagreement {
    pub(crate) what: &'static str,
    numbers: (f64, f64),
    at: (usize, usize),
    tolerance: f64,
}

/// Numbers beyond this are left out: their products are what rounding loses digits of.
const WILD: f64 = 1e4;

/// As many variables are scalars; they are the first.
const SCALARS: usize = 3;

/// Derivatives of one program, one vector for each variable.
type Parts = Vec<Vec<f64>>;

/// Checks everything about a program.
///
/// # Errors
/// What disagrees.
pub(crate) fn check(program: &Program) -> Result<Outcome, Disagreement> {
    let mut nominal = program.record::<f64>(How::default());
    let values = largest(nominal.all.iter().map(|x| nominal.tape.value(*x)));
    let size = {
        let Recording {
            tape, loss, all, ..
        } = &mut nominal;
        let adjoints = tape.gradient(*loss, all);
        // The largest adjoint there is, times the largest value: what a derivative's
        // rounding errors are in proportion to.
        let adjoints = largest((0..all.len()).map(|i| adjoints.of(i)));
        adjoints * values.max(1.0)
    };
    if !(values < WILD && size < WILD * WILD) {
        return Ok(Outcome {
            wild: true,
            in_proportion: true,
            ..Outcome::default()
        });
    }
    let size = size.max(1e-12);
    let mut outcome = Outcome::default();

    let plain = gradient(&mut nominal);
    let Recording {
        tape,
        variables,
        loss,
        ..
    } = &mut nominal;
    let (loss, variables) = (*loss, variables.clone());
    let along = directions(program, tape, &variables);
    let forward: Vec<f64> = (0..variables.len())
        .map(|k| tape.tangent(&[loss], &[(variables[k], &along[k])])[0][0])
        .collect();
    let taped = tape.gradient_taped(loss, &variables);
    let recorded: Parts = taped.iter().map(|x| tape.value(*x).to_vec()).collect();
    agree("recorded and reverse", &recorded, &plain, 1e-9 * size)?;
    let projected: Vec<f64> = plain.iter().zip(&along).map(|(g, d)| inner(g, d)).collect();
    agree(
        "forward and reverse",
        std::slice::from_ref(&forward),
        std::slice::from_ref(&projected),
        1e-9 * size,
    )?;

    by_constants(program)?;
    outcome.in_proportion = in_proportion(program, &forward, &projected);

    let mut all = program.record::<f64>(How {
        all_variables: true,
        ..How::default()
    });
    let dense = gradient(&mut all);
    agree(
        "reverse without constants, and with",
        &dense,
        &plain,
        1e-9 * size,
    )?;

    let seen = nominal.detached.clone();
    let total: f64 = projected.iter().sum();
    let by_weights = by_weights(program, &mut nominal);
    for (what, exact, weights) in [
        ("reverse and differences", total, 0.0),
        ("reverse by weights and differences", by_weights, 1.0),
    ] {
        let at = |h: f64| {
            let moved = program.record::<f64>(How {
                along: h * (1.0 - weights),
                weights_along: h * weights,
                frozen: Some(&seen),
                ..How::default()
            });
            vec![vec![moved.tape.scalar(moved.loss)]]
        };
        if let Some(difference) = differences(at, 1e-7 * size) {
            outcome.differences = true;
            agree(what, &[vec![exact]], &difference, 1e-6 * size)?;
        }
    }
    second_order(program, &along, &seen, size, &mut outcome)?;
    by_a_step(program, size)?;
    outcome.f32 = in_f32(program, &plain, size)?;
    Ok(outcome)
}

/// Whatever direction constants are given, in either mode, they have no derivative.
fn by_constants(program: &Program) -> Result<(), Disagreement> {
    let mut nominal = program.record::<f64>(How::default());
    let Recording {
        tape,
        constants,
        loss,
        ..
    } = &mut nominal;
    let ones: Vec<Vec<f64>> = constants
        .iter()
        .map(|x| vec![1.0; tape.shape_of(*x).len()])
        .collect();
    let directions = constants
        .iter()
        .copied()
        .zip(ones.iter().map(Vec::as_slice));
    let forward = tape.tangent(&[*loss], &directions.collect::<Vec<_>>());
    agree("forward by constants", &forward, &[vec![0.0]], 0.0)?;
    let reverse = tape.gradient(*loss, constants);
    let found: Parts = (0..constants.len())
        .map(|i| reverse.of(i).to_vec())
        .collect();
    let zeros: Parts = found.iter().map(|x| vec![0.0; x.len()]).collect();
    agree("reverse by constants", &found, &zeros, 0.0)
}

/// Whether forward and reverse agree in proportion to the derivative by a scalar itself,
/// however small it is beside the others, where it is hardly moved by a unit of f32's
/// rounding in the inputs.
fn in_proportion(program: &Program, forward: &[f64], reverse: &[f64]) -> bool {
    let mut moved = program.record::<f64>(How {
        jitter: true,
        ..How::default()
    });
    let moved = gradient(&mut moved);
    (0..SCALARS).all(|k| {
        let size = forward[k].abs();
        let moved = moved[k][0] * direction(program, k, 1)[0];
        let judged = (moved - forward[k]).abs() < 1e-5 * size;
        !judged || (forward[k] - reverse[k]).abs() <= 1e-9 * size
    })
}

/// Hessian times direction: in reverse over recorded, forward over recorded, and by
/// differences of gradients.
fn second_order(
    program: &Program,
    along: &Parts,
    seen: &[Array2<f64>],
    size: f64,
    outcome: &mut Outcome,
) -> Result<(), Disagreement> {
    let mut nominal = program.record::<f64>(How::default());
    let Recording {
        tape,
        variables,
        loss,
        ..
    } = &mut nominal;
    let pairs: Vec<(Var, &[f64])> = variables
        .iter()
        .zip(along)
        .map(|(x, d)| (*x, d.as_slice()))
        .collect();
    let slices: Vec<&[f64]> = along.iter().map(Vec::as_slice).collect();
    let length = tape.len();
    let product = tape.hessian_vector(*loss, variables, &slices);
    if tape.len() != length {
        let at = (length, tape.len());
        return Err(Disagreement {
            what: "lengths before and after an HVP",
            numbers: (f64::NAN, f64::NAN),
            at,
            tolerance: 0.0,
        });
    }
    let reverse: Parts = (0..variables.len())
        .map(|i| product.of(i).to_vec())
        .collect();
    let taped = tape.gradient_taped(*loss, variables);
    let forward: Parts = tape.tangent(&taped, &pairs);
    let largest = largest(forward.iter().map(Vec::as_slice));
    if largest >= WILD * WILD {
        outcome.wild = true;
        return Ok(());
    }
    let size = size.max(largest);
    agree("HVP, reverse and forward", &reverse, &forward, 1e-8 * size)?;
    let at = |h: f64| {
        let mut moved = program.record::<f64>(How {
            along: h,
            frozen: Some(seen),
            ..How::default()
        });
        let taped = moved.tape.gradient_taped(moved.loss, &moved.variables);
        taped
            .iter()
            .map(|x| moved.tape.value(*x).to_vec())
            .collect()
    };
    if let Some(difference) = differences(at, 1e-7 * size) {
        outcome.second_differences = true;
        agree(
            "HVP and differences of gradients",
            &forward,
            &difference,
            1e-6 * size,
        )?;
    }
    Ok(())
}

/// The derivative by the value of a step is that by a zero added to it.
fn by_a_step(program: &Program, size: f64) -> Result<(), Disagreement> {
    let mut nominal = program.record::<f64>(How::default());
    let Some(Some(y)) = nominal.results.get(program.by).copied() else {
        return Ok(());
    };
    let mut nudged = program.record::<f64>(How {
        nudged: Some(program.by),
        // What is added is dense.
        all_variables: true,
        ..How::default()
    });
    let nudge = nudged.nudge.expect("the step has a value");
    let expected = nudged.tape.gradient(nudged.loss, &[nudge]).of(0).to_vec();
    let found = nominal.tape.gradient(nominal.loss, &[y]).of(0).to_vec();
    let taped = nominal.tape.gradient_taped(nominal.loss, &[y])[0];
    let recorded = nominal.tape.value(taped).to_vec();
    if found.iter().all(|x| *x == 0.0) && recorded.iter().all(|x| *x == 0.0) {
        // It depends on no variable, and counts as a constant.
        return Ok(());
    }
    agree(
        "by a step",
        &[found],
        std::slice::from_ref(&expected),
        1e-9 * size,
    )?;
    agree("by a step, recorded", &[recorded], &[expected], 1e-9 * size)
}

/// f32 against f64, where f64 is not moved by a unit of f32's rounding in its inputs.
fn in_f32(program: &Program, plain: &Parts, size: f64) -> Result<bool, Disagreement> {
    let mut moved = program.record::<f64>(How {
        jitter: true,
        ..How::default()
    });
    let moved = gradient(&mut moved);
    // Moved by at most thirty times what its inputs were.
    if agree("", &moved, plain, 30.0 * f64::from(f32::EPSILON) * size).is_err() {
        return Ok(false);
    }
    let mut single = program.record::<f32>(How::default());
    let gradient = single.tape.gradient(single.loss, &single.variables);
    let found: Parts = (0..single.variables.len())
        .map(|i| gradient.of(i).iter().map(|x| f64::from(*x)).collect())
        .collect();
    // What was undone is as precise as its residual says.
    let tolerance = 1e-4 + f64::from(gradient.residual);
    agree("f32 and f64", &found, plain, tolerance * size)?;
    Ok(true)
}

fn gradient(recording: &mut Recording<f64>) -> Parts {
    let gradient = recording
        .tape
        .gradient(recording.loss, &recording.variables);
    (0..recording.variables.len())
        .map(|i| gradient.of(i).to_vec())
        .collect()
}

fn directions(program: &Program, tape: &Tape<f64>, variables: &[Var]) -> Parts {
    variables
        .iter()
        .enumerate()
        .map(|(k, x)| direction(program, k, tape.shape_of(*x).len()))
        .collect()
}

/// The derivative by the initial matrices along their directions.
fn by_weights(program: &Program, recording: &mut Recording<f64>) -> f64 {
    let Recording {
        tape,
        matrices,
        loss,
        ..
    } = recording;
    let plastic = &matrices[..3];
    let initial: Vec<_> = plastic.iter().collect();
    let options = GradientOptions {
        initial: &initial,
        ..GradientOptions::default()
    };
    let gradient = tape.gradient_with(*loss, &[], &options);
    (0..plastic.len())
        .map(|k| {
            let by = gradient.initial(k);
            (by * weights_direction(program, k, by.nrows(), by.ncols())).sum()
        })
        .sum()
}

/// Five-point differences of `at` around 0, if a small step agrees with them to `tolerance`;
/// whether it does is asked before anybody knows what they are compared with.
fn differences(at: impl Fn(f64) -> Parts, tolerance: f64) -> Option<Parts> {
    let central = |h: f64| -> Parts {
        let minus = at(-h);
        let mut slope = at(h);
        for (s, m) in slope.iter_mut().flatten().zip(minus.iter().flatten()) {
            *s = (*s - m) / (2.0 * h);
        }
        slope
    };
    let (wide, narrow) = (central(1e-3), central(5e-4));
    let mut fine = narrow;
    for (fine, wide) in fine.iter_mut().flatten().zip(wide.iter().flatten()) {
        *fine = (4.0 * *fine - wide) / 3.0;
    }
    // A sign that turns on the way shows beside a step that does not get there.
    agree("", &fine, &central(2e-5), tolerance).ok()?;
    Some(fine)
}

fn agree(
    what: &'static str,
    a: &[Vec<f64>],
    b: &[Vec<f64>],
    tolerance: f64,
) -> Result<(), Disagreement> {
    for (k, (x, y)) in a.iter().zip(b).enumerate() {
        for (i, (x, y)) in x.iter().zip(y).enumerate() {
            let off = (x - y).abs();
            // Not a number is off.
            if off.is_nan() || off > tolerance {
                return Err(Disagreement {
                    what,
                    numbers: (*x, *y),
                    at: (k, i),
                    tolerance,
                });
            }
        }
    }
    Ok(())
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest magnitude; infinite if there is anything that is not a number.
fn largest<'a>(parts: impl Iterator<Item = &'a [f64]>) -> f64 {
    parts.flatten().fold(0.0, |top, x| {
        if x.is_nan() {
            f64::INFINITY
        } else {
            top.max(x.abs())
        }
    })
}
