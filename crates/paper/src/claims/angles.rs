//! Claims about how well errors align with backpropagated ones, and about the weights.

use crate::check::Check;
use crate::results::Results;
use crate::results::difference;
use crate::table1::TABLE1;
use crate::verdict::Claim;
use plots::stats::{Bootstrap, Interval, mean};

pub(super) const C3: Claim = Claim {
    id: "C3",
    figure: "Fig. 3d",
    targets: &["fig3"],
    statement: "With feedback alignment the angles of all layers stay near 90°.",
    paper: "near 90°",
    criterion: "At the end the mean of each of α1 to α4 is within 10° of 90°.",
    episodes: 0,
    judge: |results| {
        hidden(results, "fa")?
            .map(|l| {
                let angle = results.at_end("fa", |row| row.angles[l])?;
                Some(Check::within(format!("α{l} of FA"), angle, 80.0, 100.0))
            })
            .collect()
    },
};

pub(super) const C7: Claim = Claim {
    id: "C7",
    figure: "Fig. 5",
    targets: &["fig5", "fig3", "fig7"],
    statement: "eHebb is far above feedback alignment and below bio; its angles drop, those \
                of deeper layers most.",
    paper: "FA ≪ eHebb < bio; α falls with depth",
    criterion: "At the end, trial by trial: accuracy at least 0.2 above FA's and surely below \
                bio's; each of α1 to α4 surely below FA's; each of α2 to α4 surely below the \
                angle one layer before.",
    episodes: 0,
    judge: |results| {
        let gain = results.difference_at_end(("ehebb", "fa"), |row| row.accuracy)?;
        let short = results.difference_at_end(("bio", "ehebb"), |row| row.accuracy)?;
        let mut checks = vec![
            Check::at_least("accuracy, eHebb − FA", gain, 0.2),
            Check::surely_above("accuracy, bio − eHebb", short, 0.0),
        ];
        let layers = hidden(results, "ehebb")?;
        for l in layers.clone() {
            let drop = results.difference_at_end(("ehebb", "fa"), |row| row.angles[l])?;
            checks.push(Check::surely_below(format!("α{l}, eHebb − FA"), drop, 0.0));
        }
        for l in layers.skip(1) {
            let deeper = results.at_end("ehebb", |row| row.angles[l] - row.angles[l - 1])?;
            let what = format!("α{l} − α{} of eHebb", l - 1);
            checks.push(Check::surely_below(what, deeper, 0.0));
        }
        Some(checks)
    },
};

pub(super) const C8: Claim = Claim {
    id: "C8",
    figure: "Fig. 7",
    targets: &["fig7", "fig5"],
    statement: "Oja is far above feedback alignment, yet its angles barely drop.",
    paper: "FA ≪ Oja; α barely drops",
    criterion: "At the end, trial by trial: accuracy at least 0.2 above FA's; the mean of α1 \
                to α4 drops below FA's by less than half of what it does with eHebb.",
    episodes: 0,
    judge: |results| {
        let gain = results.difference_at_end(("oja", "fa"), |row| row.accuracy)?;
        let layers = hidden(results, "fa")?;
        let drops = |name| {
            let angle = |row: &runs::Row| mean(row.angles[layers.clone()].iter().copied());
            let (fa, own) = (results.trials("fa", angle)?, results.trials(name, angle)?);
            let (fa, own) = (fa.means(fa.end()), own.means(own.end()));
            Some(
                fa.iter()
                    .zip(own)
                    .map(|(fa, own)| fa - own)
                    .collect::<Vec<f64>>(),
            )
        };
        let half: Vec<f64> = drops("ehebb")?.iter().map(|drop| drop / 2.0).collect();
        let excess = difference(&drops("oja")?, &half)?;
        Some(vec![
            Check::at_least("accuracy, Oja − FA", gain, 0.2),
            Check::surely_below("drop of α with Oja − half of that with eHebb", excess, 0.0),
        ])
    },
};

pub(super) const C9: Claim = Claim {
    id: "C9",
    figure: "Fig. 8",
    targets: &["fig8"],
    statement: "With Oja's term the rows of W become more orthonormal than without.",
    paper: "E falls",
    criterion: "At the end E_l with Oja is surely below E_l with feedback alignment, trial by \
                trial as a ratio, in every layer.",
    episodes: 0,
    judge: |results| {
        let layers = results.run("oja")?.layers;
        (0..layers)
            .map(|l| {
                let of = |name| {
                    let trials = results.trials(name, |row| row.orthonormality[l])?;
                    Some(trials.means(trials.end()))
                };
                let ratio = ratio(&of("oja")?, &of("fa")?)?;
                let what = format!("E{}, Oja / FA", l + 1);
                Some(Check::surely_below(what, ratio, 1.0))
            })
            .collect()
    },
};

pub(super) const C10: Claim = Claim {
    id: "C10",
    figure: "Table 1",
    targets: &["table1"],
    statement: "eHebb on a layer lowers the angle of that layer's pre-synaptic error.",
    paper: "in all eleven cases, by 5° to 54°",
    criterion: "Wherever a layer uses eHebb, the angle of its pre-synaptic error is surely \
                below that without eHebb, trial by trial.",
    episodes: 0,
    judge: |results| {
        let mut checks = Vec::new();
        for row in &TABLE1 {
            for l in (0..3).filter(|l| row.uses_ehebb_above(*l)) {
                let drop = difference(&row.angle(results, l)?, &TABLE1[0].angle(results, l)?)?;
                let what = format!("α{l} with eHebb on {}", row.label());
                checks.push(Check::surely_below(what, drop, 0.0));
            }
        }
        Some(checks)
    },
};

/// The hidden layers 1..L−1 of an experiment's network.
fn hidden(results: &Results, name: &str) -> Option<std::ops::Range<usize>> {
    Some(1..results.run(name)?.layers)
}

/// The mean of a / b over trials.
fn ratio(a: &[f64], b: &[f64]) -> Option<Interval> {
    if a.len() != b.len() {
        return None;
    }
    let pairs: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    Bootstrap::new(pairs.len()).interval(&pairs)
}
