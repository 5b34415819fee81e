//! Single operations at the sizes of the paper's network.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench operations`

use autodiff::{Outer, Tape};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;

/// The paper's first layer: 784 pixels to 170 units.
const PRE: usize = 784;
const POST: usize = 170;

fn numbers(n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 17 + 5) as f32 * 0.618_034).fract() - 0.5)
        .collect()
}

/// Two thirds of the pixels of a character are 0.
fn image() -> Vec<f32> {
    numbers(PRE)
        .into_iter()
        .enumerate()
        .map(|(i, x)| if i % 3 == 0 { x } else { 0.0 })
        .collect()
}

/// Times `operation` on a tape that is cleared, and its matrix set, now and then.
fn time(
    criterion: &mut Criterion,
    name: &str,
    mut operation: impl FnMut(&mut Tape<f32>, &mut autodiff::Plastic, &[autodiff::Var]),
) {
    let start = Array2::from_shape_fn((POST, PRE), |(i, j)| ((i + 3 * j) % 7) as f32 * 0.01);
    criterion.bench_function(name, |bencher| {
        let mut tape = Tape::<f32>::new();
        bencher.iter_custom(|rounds| {
            let mut spent = std::time::Duration::ZERO;
            let mut left = rounds;
            while left > 0 {
                tape.clear();
                let mut w = tape.plastic(start.view());
                let x = [
                    tape.constant_vector(&image()),
                    tape.variable_vector(&numbers(PRE)),
                    tape.variable_vector(&numbers(POST)),
                    tape.variable_scalar(1e-6),
                ];
                let batch = left.min(500);
                let clock = std::time::Instant::now();
                for _ in 0..batch {
                    operation(&mut tape, &mut w, &x);
                }
                spent += clock.elapsed();
                left -= batch;
            }
            spent
        });
    });
}

fn operations(criterion: &mut Criterion) {
    time(criterion, "matvec, sparse", |t, w, x| {
        t.matvec(w, x[0]);
    });
    time(criterion, "matvec, dense", |t, w, x| {
        t.matvec(w, x[1]);
    });
    time(criterion, "matvec_t", |t, w, x| {
        t.matvec_t(w, x[2]);
    });
    time(criterion, "matvec_t where an image is", |t, w, x| {
        t.matvec_t_where(w, x[2], true, x[0]);
    });
    time(criterion, "update of rank 2, then matvec", |t, w, x| {
        let terms = [
            Outer::scaled(x[3], x[2], x[0]),
            Outer::scaled(x[3], x[2], x[1]),
        ];
        t.update(w, None, &terms);
        t.matvec(w, x[0]);
    });
    time(criterion, "softplus of 170", |t, _, x| {
        t.softplus(x[2], 10.0);
    });
    time(criterion, "softmax of 170", |t, _, x| {
        t.softmax(x[2]);
    });
    time(criterion, "dot of 784", |t, _, x| {
        t.dot(x[0], x[1]);
    });
}

criterion_group!(benches, operations);
criterion_main!(benches);
