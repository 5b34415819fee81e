//! The paper's figures from the records of runs.

use runs::{Metrics, Row};

use super::experiments::{Experiment, ONLINE_IMAGES, ONLINE_SIZES, OnlineExperiment};
use super::results::{Context, Results};
use super::{Target, claims};
use crate::figure::{Axis, Figure, Level, Panel, Series};
use crate::palette::Colour;
use crate::stats::{CONFIDENCE, RESAMPLES, SMOOTHING};
use crate::trials::{Trials, diverged};

/// Experiments that are drawn to compare others with.
pub(super) const BASELINES: [&str; 2] = ["bp", "fa"];

/// Fig. 3: loss, accuracy and θ_0 of backpropagation and feedback alignment, and the
/// angles of the latter.
pub(super) fn fig3(target: &Target, results: &Results) -> Figure {
    let curves = |measure: fn(&Row) -> f64| all(target, results, measure, &[]);
    let panels = vec![
        accuracy(curves(|row| row.accuracy)),
        loss(curves(loss_on_scale)),
        Panel {
            title: "Coefficient of the pseudo-gradient".to_owned(),
            y: Axis::new("θ₀"),
            ..over_episodes(curves(|row| row.theta[0]))
        },
        angles(results, "fa"),
    ];
    figure(target, results, panels)
}

/// Figs. 4, 5, 7 and S2: a rule, with backpropagation and feedback alignment beneath.
pub(super) fn with_baselines(target: &Target, results: &Results) -> Figure {
    let curves = |measure: fn(&Row) -> f64| all(target, results, measure, &BASELINES);
    let main = target.experiments[0];
    let panels = vec![
        accuracy(curves(|row| row.accuracy)),
        loss(curves(loss_on_scale)),
        angles(results, main),
        coefficients(results, main),
    ];
    figure(target, results, panels)
}

/// Fig. 8: E_l of every layer.
pub(super) fn fig8(target: &Target, results: &Results) -> Figure {
    let layers = results
        .run(target.experiments[0])
        .map_or(0, |run| run.layers);
    let panels = (0..layers).map(|l| {
        let series = target.experiments.iter().filter_map(|name| {
            let run = results.run(name)?;
            let trials = Trials::of(run, |row| row.orthonormality[l]);
            Some(series(name, run, &trials, false))
        });
        Panel {
            title: format!("Layer {}", l + 1),
            y: Axis::new(&format!("E{}", subscript(l + 1))).logarithmic(),
            ..over_episodes(series.collect())
        }
    });
    figure(target, results, panels.collect())
}

/// Fig. S5: what a penalty does to accuracy, and to how many terms stay.
pub(super) fn figs5(target: &Target, results: &Results) -> Figure {
    let mut kept = Vec::new();
    for name in target
        .experiments
        .iter()
        .filter(|name| !BASELINES.contains(name))
    {
        if let Some(run) = results.run(name) {
            let trials = Trials::of(run, |row| claims::terms_kept(&row.theta) as f64);
            kept.push(series(name, run, &trials, false));
        }
    }
    let mut panels = vec![
        accuracy(all(target, results, |row| row.accuracy, &BASELINES)),
        Panel {
            title: "Terms that stay".to_owned(),
            y: Axis::new("terms").from_to(0.0, 10.5),
            ..over_episodes(kept)
        },
    ];
    let pools = target
        .experiments
        .iter()
        .filter(|name| !BASELINES.contains(name));
    for name in pools {
        let label = Experiment::named(name).label;
        panels.push(Panel {
            title: format!("Coefficients: {label}"),
            ..coefficients(results, name)
        });
    }
    figure(target, results, panels)
}

/// Figs. 1 and S1: accuracy on test images while digits are learned, and angles.
pub(super) fn online(target: &Target, results: &Results) -> Figure {
    let found = || {
        let names = target.online.iter();
        names.filter_map(|name| Some((OnlineExperiment::named(name), results.online(name)?)))
    };
    let x = || Axis::new("images learned from");
    let accuracies = found().map(|(experiment, metrics)| Series {
        name: experiment.label.to_owned(),
        colour: colour(experiment.learned_by),
        baseline: false,
        curve: metrics.accuracy().curve_at(metrics.images()),
        diverged: metrics.diverged(),
    });
    let mut panels = vec![Panel {
        x: x(),
        levels: vec![Level {
            name: "chance".to_owned(),
            y: 0.1,
        }],
        ..accuracy(accuracies.collect())
    }];
    for (experiment, metrics) in found().filter(|(e, _)| e.learned_by != "bp") {
        let layers = (1..metrics.layers()).map(|l| Series {
            name: format!("α{}", subscript(l)),
            colour: Colour::layer(l),
            baseline: false,
            curve: metrics.angle(l).curve_at(metrics.images()),
            diverged: Vec::new(),
        });
        panels.push(Panel {
            title: format!("Alignment angles, {}", experiment.label),
            x: x(),
            y: degrees(),
            series: layers.collect(),
            levels: vec![right_angle()],
        });
    }
    let context = &results.context;
    let tests = found().map(|(_, metrics)| metrics.accuracy().count());
    let trials = tests.max().unwrap_or(0);
    let sizes = ONLINE_SIZES.map(|n| n.to_string()).join("-");
    let images = found().flat_map(|(_, m)| m.images()).fold(0.0, f64::max);
    let caption = format!(
        "One epoch of {images} images of {}, one at a time, with coefficients meta-learned on \
         {} (means over trials of the last sixth of episodes); network {sizes}, accuracy on \
         {} test images drawn for each trial. Mean of {trials} trials with {}. {}",
        data(&context.online_data),
        data(&context.data),
        ONLINE_IMAGES.2,
        bands(),
        made(context)
    );
    Figure {
        id: target.name.to_owned(),
        title: target.title.to_owned(),
        caption,
        panels,
    }
}

/// A curve of each experiment; those among `baselines` are dashed.
fn all(
    target: &Target,
    results: &Results,
    measure: impl Fn(&Row) -> f64,
    baselines: &[&str],
) -> Vec<Series> {
    let names = target.experiments.iter();
    names
        .filter_map(|name| {
            let run = results.run(name)?;
            let trials = Trials::of(run, &measure);
            Some(series(name, run, &trials, baselines.contains(name)))
        })
        .collect()
}

fn series(name: &str, run: &Metrics, trials: &Trials, baseline: bool) -> Series {
    Series {
        name: Experiment::named(name).label.to_owned(),
        colour: colour(name),
        baseline,
        curve: trials.curve(),
        diverged: diverged(run),
    }
}

fn colour(experiment: &str) -> Colour {
    match experiment {
        "fa" | "pool-l2" => Colour::VERMILION,
        "bio" => Colour::BLUE,
        "ehebb" | "pool-elastic" => Colour::GREEN,
        "oja" | "pool-none" => Colour::OCHRE,
        "pool" => Colour::PURPLE,
        "dfa" => Colour::SKY,
        _ => Colour::INK,
    }
}

pub(crate) fn over_episodes(series: Vec<Series>) -> Panel {
    Panel {
        title: String::new(),
        x: Axis::new("episode"),
        y: Axis::default(),
        series,
        levels: Vec::new(),
    }
}

pub(crate) fn accuracy(series: Vec<Series>) -> Panel {
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
pub(crate) fn loss_on_scale(row: &Row) -> f64 {
    if row.loss <= LARGEST_LOSS {
        row.loss
    } else {
        f64::NAN
    }
}

/// What to say of episodes that are not in the means.
pub(crate) fn left_out<'a>(runs: impl Iterator<Item = &'a Metrics> + Clone) -> String {
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

pub(crate) fn loss(series: Vec<Series>) -> Panel {
    Panel {
        title: "Meta-loss".to_owned(),
        y: Axis::new("meta-loss").logarithmic(),
        ..over_episodes(series)
    }
}

fn degrees() -> Axis {
    Axis::new("degrees").including(0.0, 100.0)
}

fn right_angle() -> Level {
    Level {
        name: "90°".to_owned(),
        y: 90.0,
    }
}

/// α_1..α_{L−1} of a run; α_L is 0, and α_0 is that of the pixels.
pub(crate) fn angles_of(run: &Metrics, what: &str) -> Panel {
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
pub(crate) fn coefficients_of(run: &Metrics, what: &str) -> Panel {
    let terms = run.terms.iter().enumerate().map(|(r, term)| Series {
        name: term.replacen('F', "θ", 1).chars().map(lowered).collect(),
        colour: Colour::term(paper_index(term).unwrap_or(r)),
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

fn angles(results: &Results, name: &str) -> Panel {
    match results.run(name) {
        Some(run) => angles_of(run, Experiment::named(name).label),
        None => over_episodes(Vec::new()),
    }
}

fn coefficients(results: &Results, name: &str) -> Panel {
    match results.run(name) {
        Some(run) => coefficients_of(run, Experiment::named(name).label),
        None => over_episodes(Vec::new()),
    }
}

/// r of the paper's term F^r.
fn paper_index(term: &str) -> Option<usize> {
    term.strip_prefix('F')?.parse().ok()
}

fn lowered(c: char) -> char {
    match c.to_digit(10) {
        Some(digit) => char::from_u32('₀' as u32 + digit).unwrap_or(c),
        None => c,
    }
}

pub(crate) fn subscript(n: usize) -> String {
    n.to_string().chars().map(lowered).collect()
}

fn figure(target: &Target, results: &Results, panels: Vec<Panel>) -> Figure {
    let context = &results.context;
    let runs = || {
        target
            .experiments
            .iter()
            .filter_map(|name| results.run(name))
    };
    let episodes = runs().map(|run| Trials::of(run, |_| 0.0).episodes()).max();
    let lost = left_out(runs());
    let dashes = if panels.iter().flat_map(|p| &p.series).any(|s| s.baseline) {
        " Dashed: backpropagation and feedback alignment."
    } else {
        ""
    };
    let caption = format!(
        "Tasks from {}; mean of {} trials of {} episodes, moving average over {SMOOTHING} \
         episodes, {}.{dashes}{lost} {}",
        data(&context.data),
        context.trials,
        episodes.unwrap_or(0),
        bands(),
        made(context)
    );
    Figure {
        id: target.name.to_owned(),
        title: target.title.to_owned(),
        caption,
        panels,
    }
}

pub(crate) fn bands() -> String {
    let percent = CONFIDENCE * 100.0;
    format!("{percent:.0} % bootstrap bands of {RESAMPLES} resamples")
}

pub(super) fn data(name: &str) -> String {
    if name == "glyphs" {
        "glyphs (synthetic)".to_owned()
    } else {
        name.to_owned()
    }
}

/// The end of every caption.
pub(super) fn made(context: &Context) -> String {
    let hurry = if context.quick { ", --quick" } else { "" };
    format!(
        "Seed {}{hurry}, metaplast {}.",
        context.seed,
        env!("CARGO_PKG_VERSION")
    )
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
            orthonormality: vec![],
        };
        let run = Metrics {
            terms: vec![],
            layers: 0,
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
