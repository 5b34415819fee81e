//! Values and slopes of the elementwise functions, at known points and to the ends of the
//! range of numbers. Finite differences would accept e^x for e^x − 1, and a slope of 0
//! for one of 1e-8.

use autodiff::{Real, Tape, Var};

type Function<T> = fn(&mut Tape<T>, Var) -> Var;

/// A function in both precisions.
struct Case {
    name: &'static str,
    in_f32: Function<f32>,
    in_f64: Function<f64>,
    /// The largest power of two to look at.
    up_to: i32,
    negative: bool,
}

macro_rules! case {
    ($name:literal, $up_to:literal, $negative:literal, |$t:ident, $x:ident| $y:expr) => {
        Case {
            name: $name,
            in_f32: |$t, $x| $y,
            in_f64: |$t, $x| $y,
            up_to: $up_to,
            negative: $negative,
        }
    };
}

fn cases() -> Vec<Case> {
    // β is a power of two, so that βx is exact and the error is the function's alone.
    vec![
        case!("exp", 6, true, |t, x| t.exp(x)),
        case!("exp_m1", 6, true, |t, x| t.exp_m1(x)),
        case!("ln", 120, false, |t, x| t.ln(x)),
        case!("ln_1p", 120, false, |t, x| t.ln_1p(x)),
        case!("sin", 10, true, |t, x| t.sin(x)),
        case!("cos", 10, true, |t, x| t.cos(x)),
        case!("sqrt", 120, false, |t, x| t.sqrt(x)),
        case!("square", 60, true, |t, x| t.square(x)),
        case!("recip", 60, true, |t, x| t.recip(x)),
        case!("powi", 30, true, |t, x| t.powi(x, 3)),
        case!("powi, negative", 30, true, |t, x| t.powi(x, -3)),
        case!("abs", 120, true, |t, x| t.abs(x)),
        case!("relu", 120, true, |t, x| t.relu(x)),
        case!("clamp", 120, true, |t, x| t.clamp(x, -1.3, 40.0)),
        case!("affine", 120, true, |t, x| t.affine(x, 0.5, 0.0)),
        case!("sigmoid", 120, true, |t, x| t.sigmoid(x)),
        case!("tanh", 120, true, |t, x| t.tanh(x)),
        case!("softplus", 120, true, |t, x| t.softplus(x, 2.0)),
        case!("softplus_slope", 120, false, |t, x| t
            .softplus_slope(x, 2.0)),
    ]
}

/// Value and slope of `function` at `x`, as f64.
fn at<T: Real>(function: Function<T>, x: f64) -> [f64; 2] {
    let mut tape = Tape::<T>::new();
    let x = tape.variable_scalar(T::from_f64(x));
    let y = function(&mut tape, x);
    let slope = tape.gradient(y, &[x]).scalar(0);
    let forward = tape.tangent(&[y], &[(x, &[T::ONE])])[0][0];
    assert!(
        slope == forward,
        "both sweeps take the same expression, {slope} and {forward}"
    );
    [tape.scalar(y).to_f64(), slope.to_f64()]
}

#[test]
fn values_and_slopes_in_f32_are_those_of_f64_over_the_whole_range() {
    for case in cases() {
        for exponent in -30..=case.up_to {
            for part in [1.0_f32, 1.177, 1.309, 1.459, 1.732, 1.93] {
                let x = f64::from(part * 2.0_f32.powi(exponent));
                for x in if case.negative { vec![x, -x] } else { vec![x] } {
                    let (found, want) = (at(case.in_f32, x), at(case.in_f64, x));
                    for (what, (found, want)) in
                        ["value", "slope"].iter().zip(found.iter().zip(want))
                    {
                        // What f32 rounds to ∞ or counts in steps of its smallest number.
                        let end = (want as f32).is_infinite() && found.abs() >= f64::from(f32::MAX);
                        // A handful of roundings in the value, and those of three or four
                        // such values in the slope.
                        let error = (found - want).abs();
                        let close = error <= 8.0 * f64::from(f32::EPSILON) * want.abs() + 1e-44;
                        assert!(
                            end || close,
                            "{} of {} at {x}: {found:e} in f32, {want:e} in f64",
                            what,
                            case.name
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn functions_have_their_known_values_and_slopes() {
    // At x = 0.7, computed with thirty digits.
    let known = [
        ("exp", 2.0137527074704766, 2.0137527074704766),
        ("exp_m1", 1.0137527074704766, 2.0137527074704766),
        ("ln", -0.35667494393873245, 1.4285714285714286),
        ("ln_1p", 0.5306282510621704, 0.5882352941176471),
        ("sin", 0.644217687237691, 0.7648421872844885),
        ("cos", 0.7648421872844885, -0.644217687237691),
        ("sqrt", 0.8366600265340756, 0.5976143046671968),
        ("square", 0.49, 1.4),
        ("recip", 1.4285714285714286, -2.0408163265306123),
        ("powi", 0.343, 1.47),
        ("abs", 0.7, 1.0),
        ("relu", 0.7, 1.0),
        ("sigmoid", 0.6681877721681662, 0.22171287329310904),
        ("tanh", 0.6043677771171636, 0.6347395899824583),
        ("softplus", 0.8102087049592255, 0.8021838885585818),
        ("softplus_slope", 0.7534030360583935, 0.4931939278832129),
    ];
    let all = cases();
    for (name, value, slope) in known {
        let case = all.iter().find(|case| case.name == name);
        let found = at(case.expect("a case of that name").in_f64, 0.7);
        for (found, want) in found.iter().zip([value, slope]) {
            assert!(
                (found - want).abs() <= 4e-16 * want.abs().max(1.0),
                "{name}: {found} {want}"
            );
        }
    }
}

#[test]
fn slopes_far_out_do_not_cancel() {
    let plus = at::<f32>(|t, x| t.sigmoid(x), 17.0);
    let minus = at::<f32>(|t, x| t.sigmoid(x), -17.0);
    assert_eq!(plus[1], minus[1]);
    assert!((plus[1] / 4.139_937e-8 - 1.0).abs() < 1e-6);
    // 1/cosh² 10, where tanh 10 is 1 in f32.
    let [value, slope] = at::<f32>(|t, x| t.tanh(x), 10.0);
    assert_eq!(value, 1.0);
    assert!((slope / 8.244_614e-9 - 1.0).abs() < 1e-6);
    // The slope's slope, 2 e^−40, where the slope is 1 in both precisions.
    let [value, slope] = at::<f64>(|t, x| t.softplus_slope(x, 2.0), 20.0);
    assert_eq!(value, 1.0);
    assert!((slope / 8.496_708_5e-18 - 1.0).abs() < 1e-8);
    // ln softmax of the larger of two logits, −ln(1 + e^−17).
    let [value, _] = at::<f32>(
        |t, x| {
            let other = t.constant_scalar(0.0);
            let both = t.concat_cols(&[x, other]);
            let y = t.log_softmax(both);
            t.slice_cols(y, 0..1)
        },
        17.0,
    );
    assert!((value / -4.139_937_5e-8 - 1.0).abs() < 1e-6);
}

#[test]
fn a_masked_logit_costs_nothing_and_learns_nothing() {
    let mut tape = Tape::<f64>::new();
    let z = tape.variable_vector(&[f64::NEG_INFINITY, 0.0]);
    let t = tape.constant_vector(&[0.0, 1.0]);
    let loss = tape.cross_entropy(z, t);
    assert_eq!(tape.scalar(loss), 0.0);
    assert_eq!(tape.gradient(loss, &[z])[z], [0.0, 0.0]);
    let share = tape.softmax(z);
    assert_eq!(tape.value(share), [0.0, 1.0]);
    let log_share = tape.log_softmax(z);
    assert_eq!(tape.value(log_share), [f64::NEG_INFINITY, 0.0]);
}

/// Whether an operation refuses its parameters.
fn refused(function: impl FnOnce(&mut Tape<f64>, Var) -> Var) -> bool {
    let call = || {
        let mut tape = Tape::<f64>::new();
        let x = tape.variable_scalar(1.0);
        function(&mut tape, x)
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err()
}

#[test]
fn parameters_outside_a_functions_domain_are_refused() {
    for beta in [0.0, -10.0, f64::NAN, f64::INFINITY, 1e-320] {
        let ok = beta == 1e-320;
        assert!(refused(|t, x| t.softplus(x, beta)) != ok, "{beta}");
        assert!(refused(|t, x| t.softplus_slope(x, beta)) != ok);
        assert!(refused(|t, x| t.softplus_gate(x, x, beta)) != ok);
        assert!(refused(|t, x| t.softplus_gate_decay(x, x, beta)) != ok);
        let gated = |t: &mut Tape<f64>, x| {
            let w = t.plastic(ndarray::array![[1.0]].view());
            let y = t.constant_vector(&[1.0]);
            t.matvec_t_gated(&w, x, true, y, beta)
        };
        assert!(refused(gated) != ok);
    }
    assert!(refused(|t, x| t.clamp(x, 1.0, -1.0)));
    assert!(refused(|t, x| t.clamp(x, f64::NAN, 1.0)));
    assert!(refused(|t, x| t.slice_cols(x, 0..2)));
    assert!(refused(|t, x| t.gather_rows(x, &[1])));
    assert!(refused(|t, x| t.scatter_rows(x, &[0, 1], 2)));
    assert!(refused(|t, x| t.reshape(x, autodiff::Shape::vector(2))));
    assert!(refused(|t, x| t.matmul_blocks(x, x, 2)));
}

#[test]
fn a_gather_refuses_a_row_number_that_its_precision_cannot_hold() {
    let row = (1 << 24) + 1;
    let mut tape = Tape::<f32>::new();
    let x = tape.variable_scalar(0.0);
    let call = || tape.scatter_rows(x, &[row], row + 1);
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
    let line = refused.downcast::<String>().unwrap();
    assert_eq!(*line, "f32 cannot hold the row number 16777217");
}
