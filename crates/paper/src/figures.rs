//! The paper's figures from the records of runs.

use plots::panels::{
    accuracy, angles_of, bands, coefficients_of, degrees, left_out, loss, loss_on_scale,
    over_episodes, right_angle, subscript,
};
use plots::stats::SMOOTHING;
use plots::{Axis, Colour, Figure, Level, Panel, Series, Trials, diverged};
use runs::{Metrics, Row};

use crate::experiments::{
    Experiment, GAINS, ONLINE_TESTS, OnlineExperiment, OnlineNetwork, ThetaSource,
};
use crate::kept;
use crate::results::Results;
use crate::target::Target;

/// Experiments that are drawn to compare others with.
pub(crate) const BASELINES: [&str; 2] = ["bp", "fa"];

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
pub(crate) fn with_baselines(target: &Target, results: &Results) -> Figure {
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
            let trials = Trials::of(run, |row| kept::terms_kept(&row.theta) as f64);
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

/// Figs. 1 and S1: accuracy on test images while digits are learned, and angles, on both
/// networks.
pub(super) fn online(target: &Target, results: &Results) -> Figure {
    let of = |network: OnlineNetwork| {
        let names = target.online.iter();
        names
            .filter_map(|name| Some((OnlineExperiment::named(name), results.online(name)?)))
            .filter(move |(experiment, _)| experiment.network == network)
    };
    let x = || Axis::new("images learned from");
    let mut panels = Vec::new();
    for network in OnlineNetwork::ALL {
        let accuracies = of(network).map(|(experiment, metrics)| Series {
            name: experiment.label.to_owned(),
            colour: colour(experiment.rule),
            baseline: experiment.theta != ThetaSource::Learned,
            curve: metrics.accuracy().curve_at(metrics.images()),
            diverged: metrics.diverged(),
        });
        panels.push(Panel {
            title: format!("Accuracy, {}", sizes(network)),
            x: x(),
            levels: vec![Level {
                name: "a guess among ten digits".to_owned(),
                y: 0.1,
            }],
            ..accuracy(accuracies.collect())
        });
    }
    for network in OnlineNetwork::ALL {
        let learned = |e: &OnlineExperiment| e.rule != "bp" && e.theta == ThetaSource::Learned;
        for (experiment, metrics) in of(network).filter(|(e, _)| learned(e)) {
            let layers = (1..metrics.layers()).map(|l| Series {
                name: format!("α{}", subscript(l)),
                colour: Colour::layer(l),
                baseline: false,
                curve: metrics.angle(l).curve_at(metrics.images()),
                diverged: Vec::new(),
            });
            panels.push(Panel {
                title: format!(
                    "Alignment angles, {}, {} outputs",
                    experiment.label,
                    network.outputs()
                ),
                x: x(),
                y: degrees(),
                series: layers.collect(),
                levels: vec![right_angle()],
            });
        }
    }
    let context = &results.context;
    let found = || OnlineNetwork::ALL.into_iter().flat_map(of);
    let trials = found().map(|(_, metrics)| metrics.accuracy().count()).max();
    let images = found().flat_map(|(_, m)| m.images()).fold(0.0, f64::max);
    let caption = format!(
        "One epoch: all {images} images of {} to learn from, one at a time. Networks {}, as in \
         the paper’s text, and {}, as in its released code. Coefficients meta-learned on {} \
         (means over trials of the last sixth of episodes); dashed: those that the authors wrote \
         into their script, θ₀ = 0.0029 for FA and 0.0021 for DFA. Accuracy on {} test images \
         drawn for each trial, over all outputs; mean of {} with {}. {}",
        data(&context.online_data),
        sizes(OnlineNetwork::Text),
        sizes(OnlineNetwork::Code),
        data(&context.data),
        ONLINE_TESTS.1,
        words::count(trials.unwrap_or(0) as u64, "trial"),
        bands(),
        caption_end(target, results)
    );
    Figure {
        id: target.name.to_owned(),
        title: target.title.to_owned(),
        caption,
        panels,
    }
}

fn sizes(network: OnlineNetwork) -> String {
    network.sizes().map(|n| n.to_string()).join("-")
}

/// BP with and without Oja's term from initial weights of several sizes.
pub(super) fn gains(target: &Target, results: &Results) -> Figure {
    let panels = GAINS.map(|(gain, bp, both)| {
        let found = [bp, both].into_iter().filter_map(|name| {
            let run = results.run(name)?;
            let trials = Trials::of(run, |row| row.accuracy);
            let colour = if name == bp {
                Colour::INK
            } else {
                Colour::OCHRE
            };
            Some(Series {
                colour,
                ..series(name, run, &trials, false)
            })
        });
        Panel {
            title: format!("Accuracy, initial weights {gain} times Xavier’s"),
            ..accuracy(found.collect())
        }
    });
    figure(target, results, panels.to_vec())
}

/// A curve of each experiment; those among `baselines` are dashed.
pub(crate) fn all(
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

pub(crate) fn colour(experiment: &str) -> Colour {
    match experiment {
        "fa" | "pool-l2" => Colour::VERMILION,
        "bio" => Colour::BLUE,
        "ehebb" | "pool-elastic" | "kolen-pollack" | "bio-es" | "bio-set-point" => Colour::GREEN,
        "oja" | "pool-none" | "sign" | "bio-cma" | "bio-trace" => Colour::OCHRE,
        "pool" | "mixed" | "bio-third-factor" => Colour::PURPLE,
        "dfa" | "bio-normalised" => Colour::SKY,
        _ => Colour::INK,
    }
}

fn angles(results: &Results, name: &str) -> Panel {
    match results.run(name) {
        Some(run) => angles_of(run, Experiment::named(name).label),
        None => over_episodes(Vec::new()),
    }
}

pub(crate) fn coefficients(results: &Results, name: &str) -> Panel {
    match results.run(name) {
        Some(run) => coefficients_of(run, Experiment::named(name).label),
        None => over_episodes(Vec::new()),
    }
}

pub(crate) fn figure(target: &Target, results: &Results, panels: Vec<Panel>) -> Figure {
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
        "Tasks from {}; mean of {} of {}, moving average over {SMOOTHING} \
         episodes, {}.{dashes}{lost} {}",
        data(&context.data),
        words::count(context.trials, "trial"),
        words::count(episodes.unwrap_or(0) as u64, "episode"),
        bands(),
        caption_end(target, results)
    );
    Figure {
        id: target.name.to_owned(),
        title: target.title.to_owned(),
        caption,
        panels,
    }
}

pub(super) fn data(name: &str) -> String {
    if name == "glyphs" {
        "glyphs (synthetic)".to_owned()
    } else {
        name.to_owned()
    }
}

/// The end of every caption: in what the runs differ from the paper's, and how they were
/// made.
pub(super) fn caption_end(target: &Target, results: &Results) -> String {
    let context = &results.context;
    let differences = context.differences_of_all(target.names());
    let told = if differences.is_empty() {
        String::new()
    } else {
        format!("Not as in the paper: {}. ", differences.join("; "))
    };
    let hurry = if context.quick { ", --quick" } else { "" };
    format!(
        "{told}Seed {}{hurry}, metaplast {}.",
        context.seed,
        env!("CARGO_PKG_VERSION")
    )
}
