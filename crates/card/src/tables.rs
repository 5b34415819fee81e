use meta::Status;
use model::ParameterKind;
use paper::Measured;
use plots::panels::subscript;
use plots::{Table, Trials};

use crate::measured::Results;
use crate::plan::Plan;

/// The tables of a card, from top to bottom.
pub(crate) fn all(plan: &Plan, results: &Results) -> Vec<Table> {
    let mut tables = vec![
        coefficients(plan),
        contributions(plan, results),
        accuracy(plan, results),
    ];
    tables.extend(angles(plan));
    tables.push(cost(plan, results));
    tables
}

fn table<const N: usize>(
    (id, title): (&str, &str),
    header: [&str; N],
    rows: Vec<Vec<String>>,
    caption: String,
) -> Table {
    Table {
        id: id.to_owned(),
        title: title.to_owned(),
        caption,
        header: header.map(str::to_owned).to_vec(),
        rows,
    }
}

fn shown(found: Option<Measured>, decimals: usize) -> String {
    found.map_or_else(|| "none".to_owned(), |found| found.text(decimals))
}

/// What all numbers over trials have in common.
fn over_trials(plan: &Plan) -> String {
    let trials = words::count(plan.theta.len() as u64, "trial");
    format!("Means over {trials} with 98 % t intervals.")
}

fn coefficients(plan: &Plan) -> Table {
    let learner = &plan.finished.config.settings.learner;
    let parameters = learner.parameters();
    let rows = parameters.iter().enumerate().map(|(r, parameter)| {
        let kind = match parameter.kind {
            ParameterKind::Theta => "θ, of a term of W",
            ParameterKind::Phi => "φ, of a term of B",
            ParameterKind::Gain => "gain of a pathway",
            ParameterKind::Constant => "constant",
        };
        let trials: Vec<f64> = plan.theta.iter().map(|theta| theta[r]).collect();
        // θ of the third digit that its own size has.
        let size = trials.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let decimals = if size > 0.0 && size.is_finite() {
            (2.0 - size.log10().floor()).clamp(1.0, 12.0) as usize
        } else {
            3
        };
        let found = shown(Measured::mean(&trials), decimals);
        vec![parameter.shown(), kind.to_owned(), found]
    });
    let caption = format!(
        "What each trial’s optimiser held it to be over the last sixth of the episodes. {}",
        over_trials(plan)
    );
    let what = ("coefficients", "What was meta-learned");
    table(what, ["", "what it is", "value"], rows.collect(), caption)
}

fn contributions(plan: &Plan, results: &Results) -> Table {
    let own = plan.finished.config.settings.tasks.shots;
    let k = plan.shots.iter().position(|k| *k == own).unwrap_or(0);
    let whole = results.accuracy[0][k].as_deref().unwrap_or_default();
    let rows = plan
        .parts
        .iter()
        .zip(&results.without)
        .map(|(part, without)| {
            vec![
                part.name.clone(),
                shown(Measured::mean(without), 3),
                shown(Measured::difference(whole, without), 3),
            ]
        });
    let caption = format!(
        "Each set to 0 alone, all else frozen, on {} of each trial from {}: those that the whole \
         rule, of accuracy {}, was tried on. {}",
        words::count(plan.ask.tasks, "fresh task"),
        plan.sets[0].name(),
        shown(Measured::mean(whole), 3),
        over_trials(plan)
    );
    let header = ["without", "accuracy", "accuracy lost"];
    let what = ("contributions", "What each term contributes");
    table(what, header, rows.collect(), caption)
}

fn accuracy(plan: &Plan, results: &Results) -> Table {
    let header = plan.shots.iter().map(|k| format!("K = {k}"));
    let header: Vec<String> = [String::new()].into_iter().chain(header).collect();
    let rows = plan
        .sets
        .iter()
        .zip(&results.accuracy)
        .map(|(set, by_shots)| {
            let synthetic = if set.is_synthetic() {
                " (synthetic)"
            } else {
                ""
            };
            let cells = by_shots.iter().map(|found| match found {
                Some(found) => shown(Measured::mean(found), 3),
                None => "too few images".to_owned(),
            });
            let name = format!("{}{synthetic}", set.name());
            [name].into_iter().chain(cells).collect()
        });
    let settings = &plan.finished.config.settings;
    let lost = match results.lost {
        0 => String::new(),
        n => format!(
            " {} diverged and count as guesses.",
            words::count(n as u64, "task")
        ),
    };
    let caption = format!(
        "With the coefficients that were meta-learned with K = {} on {}, frozen: {} of each \
         trial, M = {}, Q = {}, scored over all {} outputs.{lost} {}",
        settings.tasks.shots,
        plan.sets[0].name(),
        words::count(plan.ask.tasks, "fresh task"),
        settings.tasks.ways,
        settings.tasks.queries,
        settings.learner.network.sizes[settings.learner.network.layers()],
        over_trials(plan)
    );
    Table {
        header,
        ..table(("accuracy", "Where it works"), [], rows.collect(), caption)
    }
}

/// Of pathways that can be at an angle to backpropagation.
fn angles(plan: &Plan) -> Option<Table> {
    let (metrics, learner) = (
        &plan.finished.metrics,
        &plan.finished.config.settings.learner,
    );
    if learner.feedback.is_symmetric() {
        return None;
    }
    // α_L is that of the output's own error.
    let rows = (0..metrics.layers).map(|l| {
        let trials = Trials::of(metrics, |row| row.angles[l]);
        let found = Measured::mean(&trials.means(trials.end()));
        vec![format!("α{}", subscript(l)), shown(found, 1)]
    });
    let caption = "Between the fed-back and the backpropagated mean error of each layer after \
                   learning, over the last sixth of the run’s episodes. Means over its trials with \
                   98 % t intervals.";
    let what = ("angles", "How far from backpropagation");
    Some(table(
        what,
        ["", "degrees"],
        rows.collect(),
        caption.to_owned(),
    ))
}

fn cost(plan: &Plan, results: &Results) -> Table {
    let metrics = &plan.finished.metrics;
    let diverged = metrics
        .rows
        .iter()
        .filter(|row| row.status == Status::Diverged);
    let settings = &plan.finished.config.settings;
    let rows = [
        (
            "an episode as the run had it",
            format!("{:.1} ms", results.cost.seconds * 1e3),
        ),
        (
            "memory, with the data",
            format!("{:.0} MB", results.cost.bytes as f64 / 1e6),
        ),
        ("outer optimiser", settings.outer.optimiser.to_string()),
        (
            "episodes",
            format!(
                "{} in each of {}",
                settings.outer.episodes,
                words::count(settings.outer.trials, "trial")
            ),
        ),
        ("of them diverged", diverged.count().to_string()),
    ];
    let rows = rows.map(|(what, found)| vec![what.to_owned(), found]);
    let caption = "Time and memory as they were when this card was made, on one core of the \
                   machine that made it.";
    table(
        ("cost", "What it costs"),
        ["", ""],
        rows.to_vec(),
        caption.to_owned(),
    )
}
