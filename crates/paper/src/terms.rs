//! Beside Fig. 4: what each term of the pool comes to, and what it is worth.

use std::fmt::Write as _;

use plots::Table;

use crate::claims::ONE_STEP;
use crate::figures::caption_end;
use crate::frozen::FrozenMetrics;
use crate::measured::Measured;
use crate::results::Results;
use crate::target::Target;

/// The table, and its source data.
pub(crate) fn table(target: &Target, results: &Results) -> (Table, String) {
    let header = [
        "term",
        "θ at the end",
        "trials with |θ| above 1e−3",
        "accuracy lost without it",
    ];
    let mut rows = Vec::new();
    let mut source =
        "term,theta,theta_lower,theta_upper,trials_above,lost,lost_lower,lost_upper\n".to_owned();
    let whole = results.frozen("frozen-pool").map(FrozenMetrics::accuracy);
    let terms = results
        .run("pool")
        .map_or(&[][..], |run| run.terms.as_slice());
    for term in terms {
        let ends = results
            .theta("pool", term)
            .map(|trials| trials.means(trials.end()));
        let ends = ends.unwrap_or_default();
        let above = ends.iter().filter(|theta| theta.abs() > ONE_STEP).count();
        let without = results.frozen(&format!("frozen-pool-without-{term}"));
        let lost = whole
            .as_ref()
            .zip(without)
            .and_then(|(whole, without)| Measured::difference(whole, &without.accuracy()));
        let theta = Measured::mean(&ends);
        let shown = |found: Option<Measured>, digits| {
            found.map_or_else(|| "none".to_owned(), |found| found.text(digits))
        };
        let cells = |found: Option<Measured>| match found {
            Some(Measured { value, .. }) => {
                format!("{},{},{}", value.mean, value.lower, value.upper)
            }
            None => ",,".to_owned(),
        };
        let _ = writeln!(source, "{term},{},{above},{}", cells(theta), cells(lost));
        rows.push(vec![
            term.clone(),
            shown(theta, 4),
            format!("{above} of {}", ends.len()),
            shown(lost, 3),
        ]);
    }
    let caption = format!(
        "Mean coefficient of each term over the last sixth of episodes, in how many trials it is \
         further from 0 than one step of the optimiser (η = 1e−3), and how much accuracy on \
         fresh tasks is lost when it alone is set to 0 in the final rule; means over trials \
         with 98 % t intervals. {}",
        caption_end(target, results)
    );
    let table = Table {
        id: format!("{}-terms", target.name),
        title: format!("{}, one by one", target.title),
        caption,
        header: header.map(str::to_owned).to_vec(),
        rows,
    };
    (table, source)
}
