//! What of it can be asked for.

use super::figures;
use crate::figures::with_baselines;
use crate::target::Target;

/// A figure with what it is drawn from, without tests.
const FIGURE: Target = Target {
    name: "",
    title: "",
    experiments: &[],
    online: &[],
    frozen: &[],
    draw: None,
    table: None,
};

/// All targets.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "kolen-pollack",
        title: "Feedback that learns as the weights do",
        experiments: &["kolen-pollack", "bp", "fa"],
        draw: Some(with_baselines),
        ..FIGURE
    },
    Target {
        name: "sign",
        title: "Feedback with the signs of the weights",
        experiments: &["sign", "bp", "fa"],
        draw: Some(with_baselines),
        ..FIGURE
    },
    Target {
        name: "mixed",
        title: "Two random paths, and meta-learned gains",
        experiments: &["mixed", "dfa", "fa"],
        draw: Some(figures::compared),
        ..FIGURE
    },
    Target {
        name: "outer-loops",
        title: "Gradients, and evolution without them",
        experiments: &["bio", "bio-es", "bio-cma"],
        frozen: &["frozen-bio", "frozen-bio-es", "frozen-bio-cma"],
        draw: Some(figures::compared),
        ..FIGURE
    },
    Target {
        name: "additions",
        title: "A set-point, a trace, a third factor and normalised terms beside bio",
        experiments: &[
            "bio",
            "bio-set-point",
            "bio-trace",
            "bio-third-factor",
            "bio-normalised",
        ],
        frozen: &[
            "fashion-5-way-bio",
            "fashion-5-way-trace",
            "fashion-5-way-normalised",
        ],
        draw: Some(figures::compared),
        ..FIGURE
    },
    Target {
        name: "shots",
        title: "Accuracy against the number of images",
        experiments: &[
            "bp-k5",
            "fa-k5",
            "ehebb-k5",
            "oja-k5",
            "bio-k5",
            "bp-k10",
            "fa-k10",
            "ehebb-k10",
            "oja-k10",
            "bio-k10",
            "bp-k20",
            "fa-k20",
            "ehebb-k20",
            "oja-k20",
            "bio-k20",
            "bp",
            "fa",
            "ehebb",
            "oja",
            "bio",
        ],
        draw: Some(figures::shots),
        ..FIGURE
    },
];
