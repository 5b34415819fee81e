//! Lesson 14: a network that obeys a differential equation.
//!
//! u(x) is a network of one hidden layer, and u'' a value on the tape, by two recorded
//! gradients. The loss asks for u'' = −u at 32 places, u(0) = 0 and u'(0) = 1, so that
//! the network becomes a sine that it has never seen.
//!
//! ```text
//! within 0.001 of sin x between 0 and π: true
//! ```

use autodiff::{Shape, Tape};
use ndarray::Array2;
use std::f64::consts::PI;

fn main() {
    let places: Vec<f64> = (0..32).map(|i| PI * f64::from(i) / 31.0).collect();
    // Slopes of 1, bends spread over the places, and small weights.
    let start = |k: usize, j: f64| [1.0, -PI * j / 11.0, 0.1 * j.sin()][k];
    let rows = |k| Array2::from_shape_fn((1, 12), |(_, j)| start(k, j as f64));
    let mut p = [rows(0), rows(1), rows(2)];
    let mut adam = p.clone().map(|p| (&p * 0.0, &p * 0.0));
    let (mut tape, mut off) = (Tape::<f64>::new(), f64::NAN);
    for step in 1..=1500 {
        tape.clear();
        let x = tape.variable(Shape::matrix(32, 1), &places);
        let [slopes, bends, weights] = p.each_ref().map(|p| tape.variable_array(p.view()));
        let z = tape.matmul(x, slopes);
        let z = tape.col_add(bends, z);
        let y = tape.tanh(z);
        let u = tape.matmul_nt(y, weights);
        // Each place has its own u, so the gradient of the sum is u' at every place.
        let total = tape.sum(u);
        let first = tape.gradient_taped(total, &[x])[0];
        let total = tape.sum(first);
        let second = tape.gradient_taped(total, &[x])[0];
        let rest = tape.add(second, u);
        let (u_0, first_0) = (tape.slice_rows(u, 0..1), tape.slice_rows(first, 0..1));
        let first_0 = tape.affine(first_0, 1.0, -1.0);
        let all = tape.concat_rows(&[rest, u_0, first_0]);
        let loss = tape.dot(all, all);
        let errors = tape.value(u).iter().zip(&places);
        off = errors.fold(0.0, |off, (u, x)| (u - x.sin()).abs().max(off));
        let gradient = tape.gradient(loss, &[slopes, bends, weights]);
        for (k, (p, (mean, square))) in p.iter_mut().zip(&mut adam).enumerate() {
            let g = gradient.array(k);
            *mean = &*mean * 0.9 + &g * 0.1;
            *square = &*square * 0.999 + &g * &g * 0.001;
            let rate = 0.03 * (1.0 - f64::from(step) / 1501.0);
            *p -= &(&*mean * rate / (square.mapv(f64::sqrt) + 1e-8));
        }
    }
    println!("within 0.001 of sin x between 0 and π: {}", off < 0.001);
}
