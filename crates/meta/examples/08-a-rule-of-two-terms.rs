//! Lesson 8: a rule is a sum of terms, and its coefficients are learned.
//!
//! The rule "ehebb" is θ_0 F^0 + θ_2 F^2 with F^0 = −e ⊗ y⁻ and F^2 = −e ⊗ e⁻: besides
//! the activity, the error of the pre-synaptic neuron counts. Nobody says how much of
//! either is good. Each episode lets a new network learn a new task and asks how its
//! loss would change with θ; Adam takes a step on that.
//!
//! ```text
//! episodes   cross-entropy       θ_0       θ_2
//!  0 to 19            2.60    0.0180   -0.0122
//! 20 to 39            1.62    0.0227   -0.0298
//! 40 to 59            1.48    0.0239   -0.0463
//! 60 to 79            1.38    0.0232   -0.0619
//! ```

use autodiff::Tape;
use datasets::Split;
use meta::{Adam, Episode, Settings, draw_setting};
use model::Rule;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = datasets::glyphs(Split::Test, 0);
    let mut settings = Settings::of(Rule::built_in("ehebb").ok_or("a built-in rule")?);
    settings.learner.network.sizes = vec![784, 40, 30, 47];
    settings.tasks.shots = 20;
    settings.check(&data)?;
    let mut episode = Episode::of(&settings)?;
    let mut tape = Tape::<f64>::new();

    let mut theta = vec![0.001, 0.0];
    let mut adam = Adam::new(settings.outer.eta, theta.len());
    println!("episodes   cross-entropy       θ_0       θ_2");
    let mut mean = 0.0;
    for n in 0..80 {
        let setting = draw_setting(&settings, &data, 0, n, &theta);
        let outcome = episode.run(&mut tape, &setting);
        adam.step(&mut theta, &outcome.gradient.theta);
        mean += outcome.cross_entropy / 20.0;
        if n % 20 == 19 {
            let [a, b] = [theta[0], theta[1]];
            println!("{:2} to {:2}   {mean:13.2}   {a:7.4}   {b:7.4}", n - 19, n);
            mean = 0.0;
        }
    }
    Ok(())
}
