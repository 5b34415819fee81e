//! Lesson 7: the same rule with the error fed back in two ways.
//!
//! Backpropagation (BP) sends errors back through the forward weights, which a synapse
//! cannot see. Feedback alignment (FA) sends them through fixed random ones. The rule
//! is the same, −e ⊗ y⁻; so are weights and images. The angle between the error that
//! arrived and the one that BP would have sent tells why FA learns less.
//!
//! ```text
//! before learning: cross-entropy 3.84
//! bp: cross-entropy 1.05, accuracy 0.64, angle of e_1 to backpropagation's  0°
//! fa: cross-entropy 1.67, accuracy 0.40, angle of e_1 to backpropagation's 94°
//! ```

use autodiff::Tape;
use datasets::Split;
use meta::{Episode, Setting, Settings, draw_setting};
use model::Rule;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = datasets::glyphs(Split::Test, 0);
    let mut tape = Tape::<f64>::new();
    for (name, steps) in [("fa", 0), ("bp", 125), ("fa", 125)] {
        let rule = Rule::built_in(name).ok_or("a built-in rule")?;
        let mut settings = Settings::of(rule);
        settings.learner.network.sizes = vec![784, 60, 40, 47];
        settings.tasks.shots = 25;
        settings.check(&data)?;
        // Weights and images depend on the seed alone, so both rules start alike.
        let mut setting: Setting<f64> = draw_setting(&settings, &data, 0, 0, &[0.02]);
        setting.train.x.truncate(steps * 784);
        setting.train.labels.truncate(steps);

        let mut episode = Episode::of(&settings)?;
        let outcome = episode.run(&mut tape, &setting);
        let (loss, accuracy) = (outcome.cross_entropy, outcome.accuracy);
        if steps == 0 {
            println!("before learning: cross-entropy {loss:.2}");
            continue;
        }
        let angle = outcome.angles[1];
        println!(
            "{name}: cross-entropy {loss:.2}, accuracy {accuracy:.2}, \
             angle of e_1 to backpropagation's {angle:2.0}°"
        );
    }
    Ok(())
}
