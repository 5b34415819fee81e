//! Claims B1 to B11, each with its criterion and how it is computed; what is common to all
//! criteria stands with the paper's.

use crate::check::{Check, Wanted};
use crate::claims::{CLAIM, hidden};
use crate::measured::Measured;
use crate::results::Results;
use crate::verdict::Claim;

use super::experiments::{RULES, SHOTS};

/// All claims.
pub const CLAIMS: [&Claim; 11] = [&B1, &B2, &B3, &B4, &B5, &B6, &B7, &B8, &B9, &B10, &B11];

const B1: Claim = Claim {
    id: "B1",
    figure: "kolen-pollack",
    targets: &["kolen-pollack"],
    statement: "With feedback that learns as Kolen and Pollack’s the angles go to near 0, and \
                the accuracy to backpropagation’s.",
    paper: "Akrout et al. 2019: as BP",
    criterion: "At the end each of α1 to α4 is surely below 20°, and the accuracy of \
                Kolen-Pollack − that of BP is within −0.05 to 0.05.",
    judge: |results| {
        let mut checks = angles(results, "kolen-pollack")?;
        let gap = results.gain("kolen-pollack", "bp")?;
        let what = "accuracy, Kolen-Pollack − BP";
        checks.push(Check::new(what, gap, Wanted::Within(-0.05, 0.05)));
        Some(checks)
    },
    ..CLAIM
};

const B2: Claim = Claim {
    id: "B2",
    figure: "kolen-pollack",
    targets: &["kolen-pollack"],
    statement: "Within one lesson of 250 images, Kolen and Pollack’s rule for B lowers the \
                angles, and makes up for much of what random feedback costs.",
    paper: "",
    criterion: "At the end each of α1 to α4 is surely 10° below FA’s, and the accuracy surely \
                0.2 above FA’s.",
    judge: |results| {
        let mut checks = vec![gain(results, ("kolen-pollack", "fa"), Wanted::Above(0.2))?];
        for l in hidden(results, "kolen-pollack")? {
            let of = |name| results.at_end(name, |row| row.angles[l]);
            let drop = Measured::difference(&of("kolen-pollack")?, &of("fa")?)?;
            let what = format!("α{l}, Kolen-Pollack − FA");
            checks.push(Check::new(what, drop, Wanted::Below(-10.0)));
        }
        Some(checks)
    },
    ..CLAIM
};

const B3: Claim = Claim {
    id: "B3",
    figure: "sign",
    targets: &["sign"],
    statement: "Feedback with the present signs of the weights is better than fixed feedback, \
                and not as good as backpropagation.",
    paper: "Liao et al. 2016: signs are enough",
    criterion: "At the end the accuracy of sign-symmetric feedback is surely 0.1 above FA’s and \
                surely below BP’s.",
    judge: |results| {
        Some(vec![
            gain(results, ("sign", "fa"), Wanted::Above(0.1))?,
            gain(results, ("bp", "sign"), Wanted::Above(0.0))?,
        ])
    },
    ..CLAIM
};

const B4: Claim = Claim {
    id: "B4",
    figure: "mixed",
    targets: &["mixed"],
    statement: "Given both random paths, meta-learning takes up the direct one beside the one \
                through the layers, and does better than with either alone.",
    paper: "Discussion: meta-learning can pick the path",
    criterion: "At the end the mean of |g1| over trials is surely above 0.1, and the accuracy of \
                mixed feedback surely above FA’s and surely above DFA’s.",
    judge: |results| {
        let gains = results.theta("mixed", "gain_1")?;
        let gains: Vec<f64> = gains.means(gains.end());
        let sizes: Vec<f64> = gains.iter().map(|gain| gain.abs()).collect();
        let size = Measured::mean(&sizes)?;
        Some(vec![
            Check::new("|g1|", size, Wanted::Above(0.1)),
            gain(results, ("mixed", "fa"), Wanted::Above(0.0))?,
            gain(results, ("mixed", "dfa"), Wanted::Above(0.0))?,
        ])
    },
    ..CLAIM
};

const B5: Claim = Claim {
    id: "B5",
    figure: "outer-loops",
    targets: &["outer-loops"],
    statement: "Evolution strategies, which see losses alone, arrive at the same bio as \
                gradients do.",
    paper: "",
    criterion: "On the same fresh tasks, with the coefficients that each trial arrived at, the \
                accuracy with ES − that with gradients, and with CMA-ES − that with gradients, is \
                within −0.05 to 0.05; and each mean θ at the end has surely the sign that it has \
                with gradients (θ0 and θ9 above 0, θ2 below).",
    judge: |results| {
        let accuracy = |test| Some(results.frozen(test)?.accuracy());
        let by_gradients = accuracy("frozen-bio")?;
        let mut checks = Vec::new();
        for (name, test) in [("bio-es", "frozen-bio-es"), ("bio-cma", "frozen-bio-cma")] {
            let gap = Measured::difference(&accuracy(test)?, &by_gradients)?;
            let what = format!("accuracy on fresh tasks, {name} − bio");
            checks.push(Check::new(what, gap, Wanted::Within(-0.05, 0.05)));
            for (term, wanted) in [
                ("F0", Wanted::Above(0.0)),
                ("F2", Wanted::Below(0.0)),
                ("F9", Wanted::Above(0.0)),
            ] {
                let theta = results.theta(name, term)?;
                let theta = Measured::mean(&theta.means(theta.end()))?;
                checks.push(Check::new(format!("θ of {term}, {name}"), theta, wanted));
            }
        }
        Some(checks)
    },
    ..CLAIM
};

const B6: Claim = Claim {
    id: "B6",
    statement: "A meta-learned set-point of the error before the synapse adds to bio.",
    criterion: "At the end the accuracy of bio with the set-point − that of bio is surely above 0.",
    judge: |results| adds(results, "bio-set-point"),
    ..ADDITION
};

const B7: Claim = Claim {
    id: "B7",
    statement: "A trace of the activity before the synapse, as long as is meta-learned, adds to \
                bio.",
    criterion: "At the end the accuracy of bio with the trace − that of bio is surely above 0.",
    judge: |results| adds(results, "bio-trace"),
    ..ADDITION
};

const B8: Claim = Claim {
    id: "B8",
    statement: "A third factor, the loss, adds to bio.",
    criterion: "At the end the accuracy of bio with the third factor − that of bio is surely \
                above 0.",
    judge: |results| adds(results, "bio-third-factor"),
    ..ADDITION
};

const ADDITION: Claim = Claim {
    figure: "additions",
    targets: &["additions"],
    ..CLAIM
};

const B9: Claim = Claim {
    id: "B9",
    figure: "shots",
    targets: &["shots"],
    statement: "However few images there are, bio is the best of the rules with fixed feedback; \
                with the fewest it is better than backpropagation too.",
    paper: "",
    criterion: "For each K of 5, 10, 20 and 50, θ meta-learned for it, the accuracy of bio at \
                the end is surely above that of FA, eHebb and Oja; for K of 5 it is surely above \
                that of BP.",
    judge: |results| {
        let mut checks = Vec::new();
        for (k, names) in SHOTS {
            let bio = names[4];
            for (rule, name) in RULES.iter().zip(names).skip(1).take(3) {
                let gain = results.gain(bio, name)?;
                let what = format!("accuracy, bio − {rule}, K = {k}");
                checks.push(Check::new(what, gain, Wanted::Above(0.0)));
            }
        }
        let (k, names) = SHOTS[0];
        let gain = results.gain(names[4], names[0])?;
        let what = format!("accuracy, bio − bp, K = {k}");
        checks.push(Check::new(what, gain, Wanted::Above(0.0)));
        Some(checks)
    },
    ..CLAIM
};

const B10: Claim = Claim {
    id: "B10",
    statement: "A rule of our own, bio with a trace of the activity before the synapse, is better \
                than bio on classes that neither was learned on.",
    criterion: "On fresh 5-way tasks of Fashion-MNIST, with the coefficients that each trial \
                arrived at, the accuracy of bio with the trace − that of bio is surely above 0.",
    of_real_data: true,
    judge: |results| transfers(results, "fashion-5-way-trace"),
    ..ADDITION
};

const B11: Claim = Claim {
    id: "B11",
    statement: "A second rule of our own, bio with the pseudo-gradient and Oja’s term divided by \
                the size of the activity before the synapse, is better than bio on classes that \
                neither was learned on.",
    criterion: "On fresh 5-way tasks of Fashion-MNIST, with the coefficients that each trial \
                arrived at, the accuracy of bio normalised − that of bio is surely above 0.",
    of_real_data: true,
    judge: |results| transfers(results, "fashion-5-way-normalised"),
    ..ADDITION
};

/// Each of α_1..α_{L−1} of an experiment at the end, which are to be near 0.
fn angles(results: &Results, name: &str) -> Option<Vec<Check>> {
    hidden(results, name)?
        .map(|l| {
            let angle = Measured::mean(&results.at_end(name, |row| row.angles[l])?)?;
            let what = format!("α{l} of {name}");
            Some(Check::new(what, angle, Wanted::Below(20.0)))
        })
        .collect()
}

/// How much better one experiment is than another at the end.
fn gain(results: &Results, (one, other): (&str, &str), wanted: Wanted) -> Option<Check> {
    let what = format!("accuracy, {one} − {other}");
    Some(Check::new(what, results.gain(one, other)?, wanted))
}

/// That a rule is better than bio on images of Fashion-MNIST.
fn transfers(results: &Results, test: &str) -> Option<Vec<Check>> {
    let accuracy = |test| Some(results.frozen(test)?.accuracy());
    let gain = Measured::difference(&accuracy(test)?, &accuracy("fashion-5-way-bio")?)?;
    let what = format!("accuracy, {test} − fashion-5-way-bio");
    Some(vec![Check::new(what, gain, Wanted::Above(0.0))])
}

/// That an experiment is better than bio.
fn adds(results: &Results, name: &str) -> Option<Vec<Check>> {
    Some(vec![gain(results, (name, "bio"), Wanted::Above(0.0))?])
}
