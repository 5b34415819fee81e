//! The same bits whatever vector instructions are used. One test, since the level is
//! set for the whole process.

use autodiff::simd::{Level, force_level};
use autodiff::{Outer, Real, Tape};

fn number(i: usize) -> f64 {
    ((i * 17 + 5) as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0
}

/// Loss, gradient and matrix of a few steps that use every kind of pass, as bits.
fn bits<T: Real>() -> Vec<u64> {
    const POST: usize = 23;
    const PRE: usize = 37;
    let vector = |n: usize, salt: usize| -> Vec<T> {
        (0..n).map(|i| T::from_f64(number(i * 3 + salt))).collect()
    };
    let mut tape = Tape::<T>::new();
    let theta = tape.variable_scalar(T::from_f64(0.01));
    let decay = tape.affine(theta, -1.0, 1.0);
    let start =
        ndarray::Array2::from_shape_fn((POST, PRE), |(i, j)| T::from_f64(number(i * PRE + j)));
    let mut w = tape.plastic(start.view());
    for step in 0..12 {
        let mut image = vector(PRE, step);
        for (j, pixel) in image.iter_mut().enumerate() {
            if (j + step) % 3 != 0 {
                *pixel = T::ZERO;
            }
        }
        let x = tape.constant_vector(&image);
        let z = tape.matvec(&w, x);
        let y = tape.softplus(z, 10.0);
        let share = tape.softmax(z);
        let spread = tape.tanh(z);
        let v = tape.matvec_t(&w, y);
        let masked = tape.matvec_t_where(&w, share, true, x);
        let masked = tape.softplus_gate(masked, x, 10.0);
        let scale = if step % 4 == 0 { Some(decay) } else { None };
        let mixed = tape.combine(&[(theta, v), (theta, masked)]);
        let terms = [
            Outer::scaled(theta, y, mixed),
            Outer::scaled(theta, share, x),
            Outer::scaled(theta, spread, masked),
        ];
        tape.update(&mut w, scale, &terms);
    }
    let x = tape.constant_vector(&vector(PRE, 99));
    let z = tape.matvec(&w, x);
    let target = tape.constant_vector(&vector(POST, 7));
    let target = tape.softmax(target);
    let loss = tape.cross_entropy(z, target);
    let gradient = tape.gradient(loss, &[theta]);
    let matrix = tape.matrix(&w);
    let numbers = matrix
        .iter()
        .copied()
        .chain([tape.scalar(loss), gradient.scalar(0)]);
    numbers
        .map(|x| {
            assert!(
                x.is_finite(),
                "the comparison is worth nothing if the run diverges"
            );
            x.to_f64().to_bits()
        })
        .collect()
}

/// 64 bits that stand for many (FNV-1a, Fowler, Noll and Vo 1991).
fn digest(numbers: &[u64]) -> u64 {
    let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// What every processor must find. A change that is meant to change what the steps of
/// `bits` compute changes these too; nothing else may.
const DIGEST_F32: u64 = 0x910D_065F_2F59_0E03;
const DIGEST_F64: u64 = 0x94EF_42D4_DD2B_62EB;

#[test]
fn every_level_of_vector_instructions_on_every_processor_gives_the_same_bits() {
    force_level(Level::Portable);
    let (portable32, portable64) = (bits::<f32>(), bits::<f64>());
    let digests = [&portable32, &portable64].map(|bits| format!("{:#018X}", digest(bits)));
    let want = [DIGEST_F32, DIGEST_F64].map(|digest| format!("{digest:#018X}"));
    assert_eq!(
        digests, want,
        "the portable level differs from other processors"
    );
    for &level in &Level::ALL[1..] {
        if force_level(level) != level {
            eprintln!("SKIPPED: this processor has no {level:?}");
            continue;
        }
        assert!(bits::<f32>() == portable32, "{level:?} differs in f32");
        assert!(bits::<f64>() == portable64, "{level:?} differs in f64");
    }
}
