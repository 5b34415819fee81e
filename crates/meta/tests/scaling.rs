//! Memory grows with the number of updates by a few vectors each, and a long episode is
//! taken back as precisely as a short one.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use autodiff::Tape;
use datasets::Split;
use meta::{Batch, Episode, Setting, Settings, draw_setting};

/// An episode that learns from one image `steps` times.
fn setting(settings: &Settings, steps: usize) -> Setting<f32> {
    let data = datasets::glyphs(Split::Test, 0);
    let mut setting = draw_setting::<f32>(settings, &data, 0, 0, &[1e-4, -1e-4, 1e-5]);
    setting.train = Batch {
        x: setting.train.x[..784].repeat(steps),
        labels: vec![setting.train.labels[0]; steps],
    };
    setting
}

#[test]
fn memory_is_linear_in_the_number_of_updates_up_to_ten_thousand() {
    let mut settings = Settings::default();
    settings.learner.network.sizes = vec![784, 12, 47];
    let mut episode = Episode::of(&settings).unwrap();
    let mut tape = Tape::new();
    let mut bytes = |steps| {
        let recorded = episode.record(&mut tape, &setting(&settings, steps));
        let gradient = episode.differentiate(&mut tape, &recorded);
        assert!(gradient.theta.iter().all(|g| g.is_finite()));
        assert!(
            !gradient.replayed,
            "{steps} updates were not undone precisely"
        );
        tape.bytes()
    };
    let (few, more, many) = (bytes(100), bytes(200), bytes(10_000));
    let each = (more - few) / 100;
    assert_eq!(many, few + 9_900 * each, "{few}, {more}, {many} bytes");
    // Six vectors over the pixels are more than a step of this network keeps.
    assert!(each < 6 * 784 * size_of::<f32>(), "{each} bytes a step");
}
