//! How the learned rules do on data that they were not learned on.

use std::fmt::Write as _;

use plots::Table;

use crate::figures::caption_end;
use crate::measured::Measured;
use crate::results::Results;
use crate::target::Target;

/// What is tried: what people call it, and the tests of bio and of FA.
pub(crate) const TRANSFERS: [(&str, &str, &str); 3] = [
    ("MNIST, 9-way", "mnist-9-way-bio", "mnist-9-way-fa"),
    (
        "Fashion-MNIST, 5-way",
        "fashion-5-way-bio",
        "fashion-5-way-fa",
    ),
    (
        "Fashion-MNIST, 9-way",
        "fashion-9-way-bio",
        "fashion-9-way-fa",
    ),
];

/// The table, and its source data.
pub(crate) fn table(target: &Target, results: &Results) -> (Table, String) {
    let header = ["tasks", "bio", "FA", "bio − FA"];
    let mut source = "tasks,measure,mean,lower,upper\n".to_owned();
    let rows = TRANSFERS.map(|(name, bio, fa)| {
        let accuracy = |test| results.frozen(test).map(|test| test.accuracy());
        let (bio, fa) = (accuracy(bio), accuracy(fa));
        let gain = bio.as_ref().zip(fa.as_ref());
        let found = [
            bio.as_ref().and_then(|bio| Measured::mean(bio)),
            fa.as_ref().and_then(|fa| Measured::mean(fa)),
            gain.and_then(|(bio, fa)| Measured::difference(bio, fa)),
        ];
        let mut cells = vec![name.to_owned()];
        for (measure, found) in header[1..].iter().zip(found) {
            if let Some(Measured { value, .. }) = found {
                let (mean, lower, upper) = (value.mean, value.lower, value.upper);
                let _ = writeln!(source, "\"{name}\",{measure},{mean},{lower},{upper}");
            }
            cells.push(found.map_or_else(|| "none".to_owned(), |found| found.text(3)));
        }
        cells
    });
    let caption = format!(
        "Accuracy on fresh tasks with the coefficients that each trial arrived at, frozen; M \
         different classes, K = 50, Q = 5, the same network with its 47 outputs; means over \
         trials with 98 % t intervals. {}",
        caption_end(target, results)
    );
    let table = Table {
        id: target.name.to_owned(),
        title: target.title.to_owned(),
        caption,
        header: header.map(str::to_owned).to_vec(),
        rows: rows.to_vec(),
    };
    (table, source)
}
