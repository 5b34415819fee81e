//! The verdicts of several reproductions side by side, from the files they left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plots::{Table, digits};
use runs::{MetricsError, RunError};

use crate::verdict::Outcome;

/// What a reproduction's verdicts.csv says of a claim.
#[derive(Default)]
struct Judged {
    figure: String,
    outcome: String,
    /// What was checked, whether it was met, and what came out.
    checks: Vec<(String, String, String)>,
}

/// A table of the claims with the outcome in each folder, whether it is the same in all,
/// and what was measured where it is not.
///
/// # Errors
/// If a folder has no verdicts.csv that can be read.
pub fn side_by_side(folders: &[PathBuf]) -> Result<Table, RunError> {
    let all: Result<Vec<_>, RunError> = folders.iter().map(|folder| read(folder)).collect();
    let all = all?;
    let mut ids: Vec<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    ids.sort_by_key(|id| (id.len(), (*id).clone()));
    ids.dedup();
    let nothing = Judged {
        outcome: Outcome::NotTested.name().to_owned(),
        ..Judged::default()
    };
    let mut same = 0;
    let mut rows = Vec::new();
    for id in &ids {
        let each: Vec<&Judged> = all
            .iter()
            .map(|found| found.get(*id).unwrap_or(&nothing))
            .collect();
        let agree = each.iter().all(|judged| judged.outcome == each[0].outcome);
        same += usize::from(agree);
        let figure = each.iter().map(|judged| &judged.figure).max().cloned();
        let mut row = vec![format!("{id}, {}", figure.unwrap_or_default())];
        row.extend(each.iter().map(|judged| judged.outcome.clone()));
        row.push(if agree {
            "same".to_owned()
        } else {
            differences(&each)
        });
        rows.push(row);
    }
    let mut header = vec!["claim".to_owned()];
    header.extend(folders.iter().map(|folder| name(folder)));
    header.push("what differs".to_owned());
    Ok(Table {
        id: "seeds".to_owned(),
        title: "Verdicts side by side".to_owned(),
        caption: format!("{same} of {} verdicts are the same.", ids.len()),
        header,
        rows,
    })
}

/// The checks that do not stand alike everywhere, with what came out in each folder.
fn differences(each: &[&Judged]) -> String {
    let longest = each.iter().max_by_key(|judged| judged.checks.len());
    let checks = longest.map_or(&[][..], |judged| &judged.checks);
    let of = |judged: &Judged, what: &str| {
        let found = judged.checks.iter().find(|(check, ..)| check == what);
        found.map_or((String::new(), "–".to_owned()), |(_, met, value)| {
            (met.clone(), value.clone())
        })
    };
    let told = checks.iter().filter_map(|(what, ..)| {
        let found: Vec<_> = each.iter().map(|judged| of(judged, what)).collect();
        let differ = found.iter().any(|(met, _)| *met != found[0].0);
        let values: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
        differ.then(|| format!("{what}: {}", values.join(" · ")))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn name(folder: &Path) -> String {
    let last = folder.file_name().unwrap_or(folder.as_os_str());
    last.to_string_lossy().into_owned()
}

/// The columns of verdicts.csv that are compared.
const COLUMNS: [&str; 8] = [
    "claim", "figure", "outcome", "check", "met", "mean", "lower", "upper",
];

fn read(folder: &Path) -> Result<BTreeMap<String, Judged>, RunError> {
    let path = folder.join("verdicts.csv");
    let bad = |error: MetricsError| RunError::Metrics {
        path: path.clone(),
        error,
    };
    let mut reader = csv::Reader::from_path(&path).map_err(|error| bad(error.into()))?;
    let header = reader.headers().map_err(|error| bad(error.into()))?;
    let column = |name: &&str| header.iter().position(|column| column == *name);
    let places: Option<Vec<usize>> = COLUMNS.iter().map(column).collect();
    let places = places.ok_or_else(|| {
        bad(MetricsError::Foreign {
            table: "verdicts.csv",
            columns: &COLUMNS,
        })
    })?;
    let mut found: BTreeMap<String, Judged> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(error.into()))?;
        let cell = |i: usize| record.get(places[i]).unwrap_or_default().to_owned();
        let judged = found.entry(cell(0)).or_default();
        (judged.figure, judged.outcome) = (cell(1), cell(2));
        if !cell(3).is_empty() {
            let number = |i| {
                cell(i)
                    .parse::<f64>()
                    .map_or_else(|_| cell(i), |n| digits(n, 3))
            };
            let value = format!("{} [{}, {}]", number(5), number(6), number(7));
            judged.checks.push((cell(3), cell(4), value));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_that_differ_are_told_with_what_was_measured() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, rows: &str| {
            let seed = folder.path().join(name);
            std::fs::create_dir(&seed).unwrap();
            let header = "claim,figure,outcome,check,met,mean,lower,upper,trials\n";
            std::fs::write(seed.join("verdicts.csv"), header.to_owned() + rows).unwrap();
            seed
        };
        let one = put(
            "one",
            "C1,Fig. 3a,held,BP,yes,0.7,0.69,0.71,20\nC2,Fig. 3c,held,a,yes,1,1,1,20\nC10,Table 1,not tested,,,,,,\n",
        );
        let two = put(
            "two",
            "C1,Fig. 3a,undecided,BP,undecided,0.65,0.6,0.7,20\nC2,Fig. 3c,held,a,yes,2,2,2,20\n",
        );
        let table = side_by_side(&[one, two.clone()]).unwrap();
        assert_eq!(table.header, ["claim", "one", "two", "what differs"]);
        assert_eq!(
            table.rows[0],
            [
                "C1, Fig. 3a",
                "held",
                "undecided",
                "BP: 0.7 [0.69, 0.71] · 0.65 [0.6, 0.7]"
            ]
        );
        assert_eq!(table.rows[1][3], "same");
        // One folder says that it was not tested, and the other says nothing of it.
        assert_eq!(
            table.rows[2],
            ["C10, Table 1", "not tested", "not tested", "same"]
        );
        assert_eq!(table.caption, "2 of 3 verdicts are the same.");
        std::fs::write(two.join("verdicts.csv"), "claim,verdict\n").unwrap();
        let error = side_by_side(&[two]).unwrap_err().to_string();
        assert!(
            error.contains("columns should begin with claim,figure,outcome"),
            "{error}"
        );
    }
}
