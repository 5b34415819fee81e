//! Claims about how well errors align with backpropagated ones.

use plots::stats::mean;

use super::CLAIM;
use crate::check::{Check, Wanted};
use crate::measured::{Measured, paired};
use crate::results::Results;
use crate::table1::TABLE1;
use crate::verdict::Claim;

pub(super) const C3: Claim = Claim {
    id: "C3",
    figure: "Fig. 3d",
    targets: &["fig3"],
    statement: "With feedback alignment the angles of all layers stay near 90°.",
    paper: "near 90°",
    criterion: "At the end each of α1 to α4 is within 10° of 90°.",
    judge: |results| {
        hidden(results, "fa")?
            .map(|l| {
                let angle = Measured::mean(&results.at_end("fa", |row| row.angles[l])?)?;
                let what = format!("α{l} of FA");
                Some(Check::new(what, angle, Wanted::Within(80.0, 100.0)))
            })
            .collect()
    },
    ..CLAIM
};

pub(super) const C7: Claim = Claim {
    id: "C7",
    figure: "Fig. 5",
    targets: &["fig5", "fig3", "fig7", "figs2"],
    statement: "eHebb is far above feedback alignment and below bio; its angles drop, those \
                of deeper layers most.",
    paper: "FA ≪ eHebb < bio; α falls with depth",
    criterion: "At the end: accuracy surely 0.2 above FA’s and surely below bio’s; each of α1 to \
                α4 surely below FA’s; each of α2 to α4 surely below the angle one layer before.",
    judge: |results| {
        let mut checks = vec![
            Check::new(
                "accuracy, eHebb − FA",
                results.gain("ehebb", "fa")?,
                Wanted::Above(0.2),
            ),
            Check::new(
                "accuracy, bio − eHebb",
                results.gain("bio", "ehebb")?,
                Wanted::Above(0.0),
            ),
        ];
        let layers = hidden(results, "ehebb")?;
        for l in layers.clone() {
            let of = |name| results.at_end(name, |row| row.angles[l]);
            let drop = Measured::difference(&of("ehebb")?, &of("fa")?)?;
            checks.push(Check::new(
                format!("α{l}, eHebb − FA"),
                drop,
                Wanted::Below(0.0),
            ));
        }
        for l in layers.skip(1) {
            let deeper = results.at_end("ehebb", |row| row.angles[l] - row.angles[l - 1])?;
            let what = format!("α{l} − α{} of eHebb", l - 1);
            checks.push(Check::new(
                what,
                Measured::mean(&deeper)?,
                Wanted::Below(0.0),
            ));
        }
        Some(checks)
    },
    ..CLAIM
};

pub(super) const C8: Claim = Claim {
    id: "C8",
    figure: "Fig. 7",
    targets: &["fig7", "fig5"],
    statement: "Oja is far above feedback alignment, yet its angles barely drop.",
    paper: "FA ≪ Oja; α barely drops",
    criterion: "At the end: accuracy surely 0.2 above FA’s; the mean of α1 to α4 drops below \
                FA’s by surely less than half of what it does with eHebb.",
    judge: |results| {
        let layers = hidden(results, "fa")?;
        let angle = |row: &runs::Row| mean(row.angles[layers.clone()].iter().copied());
        let fa = results.at_end("fa", angle)?;
        let drops = |name| paired(&fa, &results.at_end(name, angle)?, |fa, own| fa - own);
        let excess = paired(&drops("oja")?, &drops("ehebb")?, |oja, ehebb| {
            oja - ehebb / 2.0
        })?;
        Some(vec![
            Check::new(
                "accuracy, Oja − FA",
                results.gain("oja", "fa")?,
                Wanted::Above(0.2),
            ),
            Check::new(
                "drop of α with Oja − half of that with eHebb",
                Measured::mean(&excess)?,
                Wanted::Below(0.0),
            ),
        ])
    },
    ..CLAIM
};

pub(super) const C10: Claim = Claim {
    id: "C10",
    figure: "Table 1",
    targets: &["table1"],
    statement: "eHebb on a layer lowers the angle of that layer's pre-synaptic error.",
    paper: "in all eleven cases, by 5° to 54°",
    criterion: "Wherever a layer uses eHebb, the angle of its pre-synaptic error is surely \
                below that without eHebb; and each of the 21 angles is within 3° of Table 1.",
    of_real_data: true,
    judge: |results| {
        let mut checks = Vec::new();
        for row in &TABLE1 {
            for l in (0..3).filter(|l| row.uses_ehebb_above(*l)) {
                let without = TABLE1[0].angle(results, l)?;
                let drop = Measured::difference(&row.angle(results, l)?, &without)?;
                let what = format!("α{l}, eHebb on {} − on none", row.label());
                checks.push(Check::new(what, drop, Wanted::Below(0.0)));
            }
        }
        for row in &TABLE1 {
            for (l, paper) in row.paper.iter().enumerate() {
                let here = row.angle(results, l)?;
                let off: Vec<f64> = here.iter().map(|angle| angle - paper).collect();
                let what = format!("α{l} − Table 1, eHebb on {}", row.label());
                checks.push(Check::new(
                    what,
                    Measured::mean(&off)?,
                    Wanted::Within(-3.0, 3.0),
                ));
            }
        }
        Some(checks)
    },
    ..CLAIM
};

/// The hidden layers 1..L−1 of an experiment's network.
pub(crate) fn hidden(results: &Results, name: &str) -> Option<std::ops::Range<usize>> {
    Some(1..results.run(name)?.layers)
}
