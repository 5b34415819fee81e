//! Lesson 9: the meta-gradient is a sum over every step and every layer.
//!
//! dL/dθ_r = Σ_t Σ_l ⟨Λ_l(t), F^r_l(t)⟩: what the loss would gain from a little more of
//! the term F^r at step t on layer l, with Λ_l(t) = dL/dW_l just after the step. To get
//! at the parts, give each step and layer its own copy of θ_r and differentiate by all
//! of them at once. `metaplast explain` draws these numbers.
//!
//! ```text
//! term    layer 1    layer 2    layer 3       sum  gradient
//! F0       -3.385      5.417    -40.612   -38.580   -38.580
//! F2        0.027     -0.359      0.661     0.329     0.329
//! F9      -35.087      6.148    -33.573   -62.511   -62.511
//! of F0 on layer 3: -0.1723 by the first step, 1.4337 by the last
//! ```

use autodiff::Tape;
use datasets::Split;
use explain::Unrolled;
use meta::{Episode, Learner, Penalty, Settings, draw_setting};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = datasets::glyphs(Split::Test, 0);
    let mut settings = Settings::default();
    settings.learner.network.sizes = vec![784, 40, 30, 47];
    settings.tasks.shots = 10;
    settings.check(&data)?;
    let setting = draw_setting(&settings, &data, 0, 0, &[0.01, -0.02, 0.002]);
    let Learner {
        network,
        feedback,
        rule,
        ..
    } = &settings.learner;

    // The gradient as training uses it …
    let mut episode = Episode::new(network, *feedback, rule, Penalty::default())?;
    let outcome = episode.run(&mut Tape::new(), &setting);
    // … and in parts: 50 steps × 3 layers × 3 terms.
    let unrolled = Unrolled::new(network, *feedback, rule, &setting)?;
    let parts = &unrolled.contributions;

    println!("term    layer 1    layer 2    layer 3       sum  gradient");
    for (r, term) in rule.terms.iter().enumerate() {
        print!("{:4}", term.name);
        for l in 0..network.layers() {
            let of_layer: f64 = (0..50).map(|t| parts[[t, l, r]]).sum();
            print!("  {of_layer:9.3}");
        }
        let (sum, whole) = (unrolled.total(r), outcome.gradient.theta[r]);
        println!(" {sum:9.3} {whole:9.3}");
        assert!((sum - whole).abs() <= 1e-9 * whole.abs());
    }
    let (first, last) = (parts[[0, 2, 0]], parts[[49, 2, 0]]);
    println!("of F0 on layer 3: {first:.4} by the first step, {last:.4} by the last");
    Ok(())
}
