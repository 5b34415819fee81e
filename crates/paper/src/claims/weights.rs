//! Claims about where the weights go.

use super::CLAIM;
use super::angles::hidden;
use crate::check::{Check, Wanted};
use crate::feedback::{ehebb_to_feedback, weights_to_feedback};
use crate::measured::Measured;
use crate::verdict::Claim;

pub(super) const C9: Claim = Claim {
    id: "C9",
    figure: "Fig. 8",
    targets: &["fig8"],
    statement: "With Oja's term the rows of W become more orthonormal than without.",
    paper: "E falls in the layers before the predictor",
    criterion: "In every hidden layer (the paper exempts the predictor): at the end E_l with Oja \
                is surely below E_l with FA, and surely below its own over the first ten \
                episodes; E_l/‖z_l‖² on fresh tasks with the final coefficients is surely below \
                FA’s. Ratios are geometric means over trials.",
    judge: |results| {
        let mut checks = Vec::new();
        for l in hidden(results, "oja")? {
            let of = |name| results.trials(name, |row| row.orthonormality[l - 1]);
            let (oja, fa) = (of("oja")?, of("fa")?);
            let end = oja.means(oja.end());
            let to_fa = Measured::ratio(&end, &fa.means(fa.end()))?;
            checks.push(Check::new(
                format!("E{l}, Oja / FA"),
                to_fa,
                Wanted::Below(1.0),
            ));
            let relative = |name| {
                let of = |record: &meta::FrozenRecord| {
                    Some((*record.orthonormality.get(l - 1)?)? / (*record.input.get(l - 1)?)?)
                };
                Some(results.frozen(name)?.means(of))
            };
            let to_fa = Measured::ratio(&relative("frozen-oja")?, &relative("frozen-fa")?)?;
            let what = format!("E{l}/‖z{l}‖², Oja / FA");
            checks.push(Check::new(what, to_fa, Wanted::Below(1.0)));
            let to_start = Measured::ratio(&end, &oja.means(0..10))?;
            let what = format!("E{l} of Oja, end / first ten episodes");
            checks.push(Check::new(what, to_start, Wanted::Below(1.0)));
        }
        Some(checks)
    },
    ..CLAIM
};

pub(super) const C13: Claim = Claim {
    id: "C13",
    figure: "Eq. 9, Note 4",
    targets: &["fig5"],
    statement: "The eHebb term pushes W_l towards the feedback that comes back through it.",
    paper: "towards B_l",
    criterion: "On fresh tasks with the final coefficients, in every hidden layer: the cosine \
                between all that eHebb’s term added to W_l and B_l is surely above 0, and the \
                cosine between W_l after learning and B_l surely above FA’s.",
    judge: |results| {
        let (ehebb, fa) = (
            results.frozen("frozen-ehebb")?,
            results.frozen("frozen-fa")?,
        );
        let mut checks = Vec::new();
        for l in hidden(results, "ehebb")? {
            let pushed = ehebb.means(|record| ehebb_to_feedback(record, l - 1));
            let what = format!("cos(ΣθF² of W{l}, B{l})");
            checks.push(Check::new(
                what,
                Measured::mean(&pushed)?,
                Wanted::Above(0.0),
            ));
            let of = |test: &crate::frozen::FrozenMetrics| {
                test.means(|record| weights_to_feedback(record, l - 1))
            };
            let above = Measured::difference(&of(ehebb), &of(fa))?;
            let what = format!("cos(W{l}, B{l}), eHebb − FA");
            checks.push(Check::new(what, above, Wanted::Above(0.0)));
        }
        Some(checks)
    },
    ..CLAIM
};
