//! The panels that figures are made of, from the records of a run.

use runs::{Metrics, Row};

use crate::figure::{Axis, Level, Panel, Series};
use crate::palette::Colour;
use crate::stats::{CONFIDENCE, RESAMPLES};
use crate::trials::{Trials, diverged};

/// Axes for curves over the episodes of a run.
pub fn over_episodes(series: Vec<Series>) -> Panel {
    Panel {
        title: String::new(),
        x: Axis::new("episode"),
        y: Axis::default(),
        series,
        levels: Vec::new(),
    }
}

/// The panel of accuracies.
pub fn accuracy(series: Vec<Series>) -> Panel {
    Panel {
        title: "Accuracy".to_owned(),
        y: Axis::new("share classified right").from_to(0.0, 1.0),
        ..over_episodes(series)
    }
}

/// What the axis of a meta-loss ends at: guessing among 47 classes costs 3.9, and one
/// episode on its way to infinity would hide all others in a mean.
const LARGEST_LOSS: f64 = 10.0;

/// The meta-loss of an episode; missing if it is off the scale.
pub fn loss_on_scale(row: &Row) -> f64 {
    if row.loss <= LARGEST_LOSS {
        row.loss
    } else {
        f64::NAN
    }
}

/// What to say of episodes that are not in the means.
pub fn left_out<'a>(runs: impl Iterator<Item = &'a Metrics> + Clone) -> String {
    let lost: usize = runs.clone().map(|run| diverged(run).len()).sum();
    let high = runs
        .flat_map(|run| &run.rows)
        .filter(|row| row.loss.is_finite() && row.loss > LARGEST_LOSS)
        .count();
    let diverged = match lost {
        0 => String::new(),
        1 => " One episode diverged and is left out of the means; a tick at the foot of the axes \
              marks it."
            .to_owned(),
        n => format!(
            " {n} episodes diverged and are left out of the means; ticks at the foot of the axes \
             mark them."
        ),
    };
    let off = match high {
        0 => String::new(),
        1 => format!(" One meta-loss above {LARGEST_LOSS} is left out of its mean."),
        n => format!(" {n} meta-losses above {LARGEST_LOSS} are left out of their means."),
    };
    diverged + &off
}

/// The panel of meta-losses, see [`loss_on_scale`].
pub fn loss(series: Vec<Series>) -> Panel {
    Panel {
        title: "Meta-loss".to_owned(),
        y: Axis::new("meta-loss").logarithmic(),
        ..over_episodes(series)
    }
}

/// An axis of angles.
pub fn degrees() -> Axis {
    Axis::new("degrees").including(0.0, 100.0)
}

/// The angle between what has nothing in common.
pub fn right_angle() -> Level {
    Level {
        name: "90°".to_owned(),
        y: 90.0,
    }
}

/// α_1..α_{L−1} of a run; α_L is 0, and α_0 is that of the pixels.
pub fn angles_of(run: &Metrics, what: &str) -> Panel {
    let layers = (1..run.layers).map(|l| Series {
        name: format!("α{}", subscript(l)),
        colour: Colour::layer(l),
        baseline: false,
        curve: Trials::of(run, |row| row.angles[l]).curve(),
        diverged: Vec::new(),
    });
    Panel {
        title: format!("Alignment angles, {what}"),
        y: degrees(),
        levels: vec![right_angle()],
        ..over_episodes(layers.collect())
    }
}

/// θ_r of a run.
pub fn coefficients_of(run: &Metrics, what: &str) -> Panel {
    let terms = run.terms.iter().enumerate().map(|(r, term)| Series {
        name: term.replacen('F', "θ", 1).chars().map(lowered).collect(),
        colour: Colour::term(term_index(term).unwrap_or(r)),
        baseline: false,
        curve: Trials::of(run, |row| row.theta[r]).curve(),
        diverged: Vec::new(),
    });
    Panel {
        title: format!("Coefficients, {what}"),
        y: Axis::new("θ"),
        ..over_episodes(terms.collect())
    }
}

/// r of a term that is called F^r.
fn term_index(term: &str) -> Option<usize> {
    term.strip_prefix('F')?.parse().ok()
}

fn lowered(c: char) -> char {
    match c.to_digit(10) {
        Some(digit) => char::from_u32('₀' as u32 + digit).unwrap_or(c),
        None => c,
    }
}

/// A number as subscript.
pub fn subscript(n: usize) -> String {
    n.to_string().chars().map(lowered).collect()
}

/// What the bands of curves are.
pub fn bands() -> String {
    let percent = CONFIDENCE * 100.0;
    format!("{percent:.0} % bootstrap bands of {RESAMPLES} resamples")
}

#[cfg(test)]
mod tests {
    use super::*;
    use meta::Status;

    #[test]
    fn a_meta_loss_off_the_scale_is_left_out_of_the_curve_and_told() {
        let row = |episode: u64, loss: f64| Row {
            trial: 0,
            episode,
            status: if loss.is_finite() {
                Status::Ok
            } else {
                Status::Diverged
            },
            divergence: None,
            loss,
            cross_entropy: 1.0,
            accuracy: 0.5,
            theta: vec![],
            angles: vec![],
            measured: vec![],
            orthonormality: vec![],
        };
        let run = Metrics {
            terms: vec![],
            layers: 0,
            measures: vec![],
            rows: vec![
                row(0, 2.0),
                row(1, 1e17),
                row(2, f64::INFINITY),
                row(3, 4.0),
            ],
        };
        let curve = Trials::of(&run, loss_on_scale).curve();
        assert!(curve.points.iter().all(|point| point.mean == 3.0));
        let told = left_out(std::iter::once(&run));
        assert!(told.contains("One episode diverged") && told.contains("One meta-loss above 10"));
        assert_eq!(left_out(std::iter::empty()), "");
    }
}
