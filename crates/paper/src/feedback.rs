//! Beside Fig. 5: how the weights come to lie to the feedback pathway (PAPER Eq. 9).

use std::fmt::Write as _;

use meta::FrozenRecord;
use plots::Table;

use crate::figures::caption_end;
use crate::measured::Measured;
use crate::results::Results;
use crate::target::Target;

/// A column: its heading, the test it is of, and the cosine of layer l, from 0.
type Column = (
    &'static str,
    &'static str,
    fn(&FrozenRecord, usize) -> Option<f64>,
);

const COLUMNS: [Column; 3] = [
    ("cos(ΣθF², B), eHebb", "frozen-ehebb", ehebb_to_feedback),
    ("cos(W, B), eHebb", "frozen-ehebb", weights_to_feedback),
    ("cos(W, B), FA", "frozen-fa", weights_to_feedback),
];

/// cos(U_l, B_l) of a task, see [`FrozenRecord::ehebb_to_feedback`].
pub(crate) fn ehebb_to_feedback(record: &FrozenRecord, l: usize) -> Option<f64> {
    record.ehebb_to_feedback.get(l).copied().flatten()
}

/// cos(W_l, B_l) of a task.
pub(crate) fn weights_to_feedback(record: &FrozenRecord, l: usize) -> Option<f64> {
    record.weights_to_feedback.get(l).copied().flatten()
}

/// The table, and its source data.
pub(crate) fn table(target: &Target, results: &Results) -> (Table, String) {
    let mut header = vec!["layer".to_owned()];
    header.extend(COLUMNS.map(|(name, ..)| name.to_owned()));
    let mut source = "layer,measure,mean,lower,upper\n".to_owned();
    let layers = results
        .frozen("frozen-ehebb")
        .map_or(0, |test| test.layers());
    let rows = (0..layers).map(|l| {
        let mut cells = vec![(l + 1).to_string()];
        for (name, test, of) in COLUMNS {
            let found = results.frozen(test);
            let found = found.and_then(|test| Measured::mean(&test.means(|record| of(record, l))));
            if let Some(Measured { value, .. }) = found {
                let (mean, lower, upper) = (value.mean, value.lower, value.upper);
                let _ = writeln!(source, "{},\"{name}\",{mean},{lower},{upper}", l + 1);
            }
            cells.push(found.map_or_else(|| "none".to_owned(), |found| found.text(3)));
        }
        cells
    });
    let rows = rows.collect();
    let caption = format!(
        "Cosines of matrices taken as long vectors, after learning a fresh task with the \
         coefficients that each trial arrived at; means over trials with 98 % t intervals. \
         ΣθF² is all that the eHebb term added to a layer’s weights. {}",
        caption_end(target, results)
    );
    let table = Table {
        id: format!("{}-feedback", target.name),
        title: "Where the eHebb term pushes the weights".to_owned(),
        caption,
        header,
        rows,
    };
    (table, source)
}
