//! Plastic matrices: derivatives through their updates, and going back in time.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use autodiff::{GradientCheck, GradientOptions, Outer, Real, Rewind, Shape, Tape, Var};
use ndarray::Array2;

/// Fixed, irregular numbers within ±1.
fn irregular(rows: usize, cols: usize, salt: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, cols), |(i, j)| {
        ((i * 31 + j * 17 + salt * 7 + 3) as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0
    })
}

const POST: usize = 18;
const PRE: usize = 21;

/// A few steps in which a matrix is read from both sides and updated with a scale and
/// three outer products, one of them with a sparse vector, and then read by a batch.
/// Inputs: a scalar, a vector over post- and one over pre-synaptic units.
fn unrolled(tape: &mut Tape<f64>, x: &[Var], steps: usize) -> Var {
    unrolled_with(tape, x, &vec![1.0; steps])
}

/// As [`unrolled`], with a step for each of `scales`: about what is left of the matrix.
fn unrolled_with(tape: &mut Tape<f64>, x: &[Var], scales: &[f64]) -> Var {
    let (s, post, pre) = (x[0], x[1], x[2]);
    let mut w = tape.plastic(irregular(POST, PRE, 1).view());
    let b = tape.fixed(irregular(POST, PRE, 2).view());
    let sparse: Vec<f64> = (0..PRE)
        .map(|j| {
            if j % 3 == 0 {
                0.2 + 0.1 * j as f64
            } else {
                0.0
            }
        })
        .collect();
    let sparse = tape.constant_vector(&sparse);
    let small = tape.affine(s, 0.02, 0.0);
    for scale in scales {
        let shrink = tape.affine(s, -0.05, *scale);
        let z = tape.matvec(&w, sparse);
        let z = tape.add(z, post);
        let y = tape.tanh(z);
        let v = tape.matvec_t(&w, y);
        let fed_back = tape.matvec_t(&b, y);
        let masked = tape.matvec_t_where(&b, y, false, sparse);
        let own = tape.matvec_t_where(&w, y, false, sparse);
        let own = tape.sum(own);
        let masked = tape.mul(masked, sparse);
        let p = tape.combine(&[(small, v), (small, pre), (small, fed_back)]);
        let q = tape.combine(&[(small, masked), (small, sparse), (own, sparse)]);
        let r = tape.mul(v, pre);
        let ones = tape.constant_vector(&[1.0; POST]);
        tape.update(
            &mut w,
            Some(shrink),
            &[
                Outer::new(y, p),
                Outer::new(post, q),
                Outer::scaled(small, ones, r),
            ],
        );
    }
    let batch = irregular(4, PRE, 3);
    let batch = tape.constant(Shape::matrix(4, PRE), batch.as_slice().unwrap());
    let z = tape.matvec(&w, batch);
    let back = tape.matvec_t(&w, z);
    let total = tape.sum(back);
    let soft = tape.softmax(z);
    let part = tape.dot(soft, z);
    tape.add(total, part)
}

fn inputs() -> Vec<(Shape, Vec<f64>)> {
    vec![
        (Shape::SCALAR, vec![0.7]),
        (
            Shape::vector(POST),
            irregular(1, POST, 4).into_raw_vec_and_offset().0,
        ),
        (
            Shape::vector(PRE),
            irregular(1, PRE, 5).into_raw_vec_and_offset().0,
        ),
    ]
}

#[test]
fn derivatives_through_updates_are_right_to_order_two() {
    for steps in [1, 2, 5] {
        // What comes out is of the order of 100, and so is what rounding leaves.
        let check = GradientCheck {
            tolerance: 1e-6,
            ..GradientCheck::default()
        };
        if let Err(failure) = check.run(&inputs(), |tape, x| unrolled(tape, x, steps)) {
            panic!("{steps} steps: {failure}");
        }
    }
}

#[test]
fn the_derivative_of_a_scale_is_right_however_much_it_leaves_of_the_matrix() {
    // <Lambda, W> is followed from step to step as long as each leaves half of the matrix
    // or more, and is summed over all weights otherwise.
    for scales in [[1.0, 0.9, 0.6], [0.9, 0.3, 0.8], [0.2, -0.1, 0.4]] {
        let check = GradientCheck {
            tolerance: 1e-6,
            ..GradientCheck::default()
        };
        let program = |tape: &mut Tape<f64>, x: &[Var]| unrolled_with(tape, x, &scales);
        if let Err(failure) = check.run(&inputs(), program) {
            panic!("scales of {scales:?}: {failure}");
        }
    }
}

#[test]
fn a_detached_product_passes_no_derivative_to_the_matrix() {
    let mut tape = Tape::<f64>::new();
    let w = tape.plastic(irregular(2, 3, 1).view());
    let e = tape.variable_vector(&[0.5, -2.0]);
    let u = tape.matvec_t_detached(&w, e);
    let loss = tape.dot(u, u);
    let options = GradientOptions {
        initial: &[&w],
        ..GradientOptions::default()
    };
    let gradient = tape.gradient_with(loss, &[e], &options);
    assert!(gradient.initial(0).iter().all(|d| *d == 0.0));
    assert!(gradient.of(0).iter().all(|d| *d != 0.0));
}

#[test]
fn an_update_of_several_rows_equals_that_many_updates() {
    let run = |batched: bool| {
        let mut tape = Tape::<f64>::new();
        let mut w = tape.plastic(irregular(POST, PRE, 1).view());
        let a: Vec<Vec<f64>> = (0..3)
            .map(|k| irregular(1, POST, k).into_raw_vec_and_offset().0)
            .collect();
        let b: Vec<Vec<f64>> = (0..3)
            .map(|k| irregular(1, PRE, k + 9).into_raw_vec_and_offset().0)
            .collect();
        let mut wrt = Vec::new();
        if batched {
            let a = tape.variable(Shape::matrix(3, POST), &a.concat());
            let b = tape.variable(Shape::matrix(3, PRE), &b.concat());
            wrt.extend([a, b]);
            tape.update(&mut w, None, &[Outer::new(a, b)]);
        } else {
            let a: Vec<Var> = a.iter().map(|a| tape.variable_vector(a)).collect();
            let b: Vec<Var> = b.iter().map(|b| tape.variable_vector(b)).collect();
            wrt.extend(a.iter().chain(&b));
            for (a, b) in a.iter().zip(&b) {
                tape.update(&mut w, None, &[Outer::new(*a, *b)]);
            }
        }
        let y = irregular(1, PRE, 7);
        let y = tape.constant_vector(y.as_slice().unwrap());
        let z = tape.matvec(&w, y);
        let loss = tape.dot(z, z);
        let gradient = tape.gradient(loss, &wrt);
        (0..wrt.len())
            .flat_map(|i| gradient.of(i).to_vec())
            .collect::<Vec<f64>>()
    };
    for (one, many) in run(true).iter().zip(run(false)) {
        // The same sums in another order.
        assert!((one - many).abs() < 1e-11, "{one} {many}");
    }
}

#[test]
fn the_initial_value_of_a_plastic_matrix_has_the_right_adjoint() {
    let at = |h: f64| {
        let mut tape = Tape::<f64>::new();
        let start = irregular(POST, PRE, 1) + &(irregular(POST, PRE, 8) * h);
        let mut w = tape.plastic(start.view());
        let y = irregular(1, PRE, 7);
        let y = tape.constant_vector(y.as_slice().unwrap());
        for _ in 0..3 {
            let z = tape.matvec(&w, y);
            let e = tape.tanh(z);
            let p = tape.affine(y, 0.1, 0.0);
            tape.update(&mut w, None, &[Outer::new(e, p)]);
        }
        let z = tape.matvec(&w, y);
        let loss = tape.dot(z, z);
        let options = GradientOptions {
            initial: &[&w],
            ..GradientOptions::default()
        };
        let gradient = tape.gradient_with(loss, &[], &options);
        (tape.scalar(loss), gradient.initial(0).clone())
    };
    let h = 1e-5;
    let numeric = (at(h).0 - at(-h).0) / (2.0 * h);
    let exact = (at(0.0).1 * irregular(POST, PRE, 8)).sum();
    assert!(
        (numeric - exact).abs() < 1e-6 * exact.abs(),
        "{numeric} {exact}"
    );
}

/// A loop of `steps` whose updates keep the weights bounded.
fn long_loop<T: Real>(tape: &mut Tape<T>, steps: usize, shrink: f64) -> (Var, Var) {
    let as_t = |a: Array2<f64>| a.mapv(T::from_f64);
    let rate = tape.variable_scalar(T::from_f64(0.01));
    let shrink = tape.constant_scalar(T::from_f64(shrink));
    let bias = as_t(irregular(1, POST, 2));
    let bias = tape.constant_vector(bias.as_slice().unwrap());
    let mut w = tape.plastic(as_t(irregular(POST, PRE, 1)).view());
    for step in 0..steps {
        let y = as_t(irregular(1, PRE, step));
        let y = tape.constant_vector(y.as_slice().unwrap());
        let z = tape.matvec(&w, y);
        let z = tape.add(z, bias);
        let e = tape.tanh(z);
        // Reading W from both sides makes the reverse sweep need it as it was.
        let v = tape.matvec_t(&w, e);
        let p = tape.affine(v, 0.1, 0.0);
        let p = tape.add(p, y);
        let p = tape.scale(rate, p);
        let p = tape.neg(p);
        tape.update(&mut w, Some(shrink), &[Outer::new(e, p)]);
    }
    let y = as_t(irregular(1, PRE, 999));
    let y = tape.constant_vector(y.as_slice().unwrap());
    // So that the reverse sweep needs W as it is after the last update, too.
    let y = tape.scale(rate, y);
    let z = tape.matvec(&w, y);
    (tape.dot(z, z), rate)
}

#[test]
fn undoing_restores_the_initial_matrix_to_rounding_and_agrees_with_replay() {
    fn at<T: Real>(tolerance: f64) {
        let mut tape = Tape::<T>::new();
        let (loss, rate) = long_loop(&mut tape, 250, 1.0);
        let by = |tape: &mut Tape<T>, rewind| {
            tape.gradient_with(
                loss,
                &[rate],
                &GradientOptions {
                    rewind,
                    ..GradientOptions::default()
                },
            )
        };
        let undone = by(&mut tape, Rewind::Undo);
        let replayed = by(&mut tape, Rewind::Replay);
        assert!(undone.residual > T::ZERO && undone.residual <= Rewind::tolerance());
        assert_eq!(replayed.residual, T::ZERO);
        let (a, b) = (undone.scalar(0).to_f64(), replayed.scalar(0).to_f64());
        assert!((a - b).abs() <= tolerance * b.abs(), "{a} {b}");
        assert_eq!(by(&mut tape, Rewind::Auto).rewind, Rewind::Undo);
    }
    at::<f64>(1e-12);
    at::<f32>(1e-4);
}

#[test]
fn where_undoing_loses_digits_the_sweep_replays_and_stays_right() {
    // Shrinking by 0.5 for 60 steps leaves nothing of the initial matrix to restore.
    let mut tape = Tape::<f64>::new();
    let (loss, rate) = long_loop(&mut tape, 60, 0.5);
    let undo = GradientOptions {
        rewind: Rewind::Undo,
        ..GradientOptions::default()
    };
    let residual = tape.gradient_with(loss, &[rate], &undo).residual;
    assert!(residual > 1e-3, "{residual}");
    let gradient = tape.gradient(loss, &[rate]);
    assert_eq!(gradient.rewind, Rewind::Replay);
    let forward = tape.tangent(&[loss], &[(rate, &[1.0])])[0][0];
    assert!((gradient.scalar(0) - forward).abs() <= 1e-12 * forward.abs());
}

#[test]
fn a_gradient_that_spends_the_tape_is_the_same_gradient() {
    // Undone in place; undone in vain and then replayed; replayed at once.
    for (steps, shrink, rewind) in [
        (50, 1.0, Rewind::Auto),
        (60, 0.5, Rewind::Auto),
        (50, 1.0, Rewind::Replay),
    ] {
        let mut tape = Tape::<f64>::new();
        let (loss, rate) = long_loop(&mut tape, steps, shrink);
        let mut by = |spend| {
            let options = GradientOptions {
                rewind,
                spend,
                ..GradientOptions::default()
            };
            tape.gradient_with(loss, &[rate], &options)
        };
        let (kept, spent) = (by(false), by(true));
        assert_eq!(kept.rewind, spent.rewind);
        // Replayed to the end, the matrix may differ from what it was by rounding.
        let (a, b) = (kept.scalar(0), spent.scalar(0));
        assert!((a - b).abs() <= 1e-12 * a.abs(), "{steps}: {a} {b}");
    }
}

#[test]
fn a_spent_tape_takes_less_memory_and_can_be_cleared() {
    let footprint = |spend| {
        let mut tape = Tape::<f32>::new();
        let mut found = Vec::new();
        for _ in 0..2 {
            tape.clear();
            let (loss, rate) = long_loop(&mut tape, 5, 1.0);
            let options = GradientOptions {
                spend,
                ..GradientOptions::default()
            };
            let gradient = tape.gradient_with(loss, &[rate], &options);
            found.push(gradient.scalar(0).to_bits());
        }
        assert_eq!(found[0], found[1]);
        (tape.footprint(), found[0])
    };
    let (kept, spent) = (footprint(false), footprint(true));
    assert_eq!(kept.1, spent.1);
    assert!(kept.0 >= spent.0 + POST * PRE * 4, "{kept:?} {spent:?}");
}

#[test]
#[should_panic(expected = "has spent this tape; clear it")]
fn a_spent_tape_refuses_another_gradient() {
    let mut tape = Tape::<f32>::new();
    let (loss, rate) = long_loop(&mut tape, 5, 1.0);
    let options = GradientOptions {
        spend: true,
        ..GradientOptions::default()
    };
    tape.gradient_with(loss, &[rate], &options);
    tape.gradient(loss, &[rate]);
}

#[test]
#[should_panic(expected = "the tape was cleared since")]
fn room_cannot_be_made_for_repeats_of_what_was_cleared() {
    let mut tape = Tape::<f32>::new();
    tape.constant_scalar(1.0);
    let before = tape.extent();
    tape.clear();
    tape.reserve_repeats(before, 3);
}

#[test]
fn memory_does_not_grow_with_the_number_of_gradients_taken_by_replay() {
    let mut tape = Tape::<f32>::new();
    let mut footprint = || {
        tape.clear();
        let (loss, rate) = long_loop(&mut tape, 60, 0.5);
        let gradient = tape.gradient(loss, &[rate]);
        assert_eq!(gradient.rewind, Rewind::Replay);
        tape.footprint()
    };
    let first = footprint();
    for _ in 0..3 {
        assert_eq!(footprint(), first);
    }
}

#[test]
fn taking_a_gradient_changes_nothing_on_the_tape() {
    let mut tape = Tape::<f64>::new();
    let x: Vec<Var> = inputs().iter().map(|(s, x)| tape.variable(*s, x)).collect();
    let loss = unrolled(&mut tape, &x, 4);
    let first = tape.gradient(loss, &x);
    tape.tangent(&[loss], &[(x[0], &[1.0])]);
    let again = tape.gradient(loss, &x);
    for i in 0..x.len() {
        assert_eq!(first.of(i), again.of(i));
    }
}

#[test]
fn what_happens_after_the_loss_does_not_change_its_gradient() {
    let gradients = |later: bool| {
        let mut tape = Tape::<f64>::new();
        let x: Vec<Var> = inputs().iter().map(|(s, x)| tape.variable(*s, x)).collect();
        let mut w = tape.plastic(irregular(POST, PRE, 1).view());
        let z = tape.matvec(&w, x[2]);
        let loss = tape.dot(z, z);
        if later {
            tape.update(
                &mut w,
                Some(x[0]),
                &[Outer::new(x[1], x[2]), Outer::new(z, x[2])],
            );
        }
        let plain = tape.gradient(loss, &x).of(2).to_vec();
        let taped = tape.gradient_taped(loss, &x);
        (plain, tape.value(taped[2]).to_vec())
    };
    let (plain, taped) = gradients(false);
    let (plain_later, taped_later) = gradients(true);
    for (a, b) in plain
        .iter()
        .chain(&taped)
        .zip(plain_later.iter().chain(&taped_later))
    {
        // Taking the update back leaves a few units of rounding of numbers of about 10.
        assert!((a - b).abs() < 1e-13 * 100.0, "{a} {b}");
    }
}

#[test]
fn a_cleared_tape_gives_the_same_bits_again() {
    let mut tape = Tape::<f32>::new();
    let mut run = || {
        tape.clear();
        let (loss, rate) = long_loop(&mut tape, 40, 1.0);
        tape.gradient(loss, &[rate]).scalar(0).to_bits()
    };
    let first = run();
    assert_eq!(run(), first);
    assert_eq!(run(), first);
}

#[test]
fn a_step_adds_vectors_to_the_tape_and_never_a_matrix() {
    let bytes = |steps: usize| {
        let mut tape = Tape::<f64>::new();
        long_loop(&mut tape, steps, 1.0);
        tape.bytes()
    };
    let per_step = (bytes(300) - bytes(100)) / 200;
    assert_eq!(
        bytes(200) - bytes(100),
        100 * per_step,
        "memory is linear in steps"
    );
    // A step has nine vectors of at most 21 numbers and ten nodes of under 100 bytes.
    assert!(per_step < 9 * 21 * 8 + 11 * 120, "{per_step} bytes a step");
    assert!(per_step < POST * PRE * 8);
}

#[test]
fn time_is_linear_in_the_number_of_steps() {
    let time = |steps: usize| {
        let mut tape = Tape::<f64>::new();
        let mut once = || {
            let start = std::time::Instant::now();
            tape.clear();
            let (loss, rate) = long_loop(&mut tape, steps, 1.0);
            tape.gradient(loss, &[rate]);
            start.elapsed().as_secs_f64()
        };
        // The shortest of several: what disturbs a measurement only lengthens it.
        (0..7).map(|_| once()).fold(f64::INFINITY, f64::min)
    };
    let ratio = time(8000) / time(1000);
    // Quadratic time would give 64. Caches and a busy machine account for the rest.
    assert!(
        ratio < 16.0,
        "8 times the steps take {ratio:.1} times as long"
    );
}

#[test]
#[should_panic(expected = "belongs to another tape")]
fn a_matrix_of_another_tape_is_refused() {
    let mut other = Tape::<f64>::new();
    let w = other.plastic(irregular(2, 2, 1).view());
    let mut tape = Tape::<f64>::new();
    let y = tape.constant_vector(&[1.0, 2.0]);
    tape.matvec(&w, y);
}

#[test]
#[should_panic(expected = "declared fixed")]
fn a_fixed_matrix_cannot_be_updated() {
    let mut tape = Tape::<f64>::new();
    let mut b = tape.fixed(irregular(2, 2, 1).view());
    let y = tape.constant_vector(&[1.0, 2.0]);
    tape.update(&mut b, None, &[Outer::new(y, y)]);
}

#[test]
#[should_panic(expected = "update of a 2×3 matrix cannot use vectors of shapes 1×3 and 1×2")]
fn shapes_that_do_not_fit_panic_with_both_shapes() {
    let mut tape = Tape::<f64>::new();
    let mut w = tape.plastic(irregular(2, 3, 1).view());
    let a = tape.constant_vector(&[1.0, 2.0, 3.0]);
    let b = tape.constant_vector(&[1.0, 2.0]);
    tape.update(&mut w, None, &[Outer::new(a, b)]);
}

#[test]
fn what_is_computed_aside_leaves_no_trace() {
    let mut tape = Tape::<f64>::new();
    let x = tape.variable_vector(&[1.0, 2.0]);
    let w = tape.plastic(ndarray::array![[1.0, 0.5]].view());
    let (length, bytes) = (tape.len(), tape.bytes());
    let product = tape.aside(|tape| {
        let z = tape.matvec(&w, x);
        tape.scalar(z)
    });
    assert_eq!((product, tape.len(), tape.bytes()), (2.0, length, bytes));
    let square = tape.dot(x, x);
    assert_eq!(tape.gradient(square, &[x]).of(0), [2.0, 4.0]);
}

#[test]
#[should_panic(expected = "must leave plastic matrices as they are")]
fn a_matrix_cannot_be_changed_aside() {
    let mut tape = Tape::<f64>::new();
    let mut w = tape.plastic(ndarray::array![[1.0]].view());
    let x = tape.constant_vector(&[1.0]);
    tape.aside(|tape| tape.update(&mut w, None, &[Outer::new(x, x)]));
}
