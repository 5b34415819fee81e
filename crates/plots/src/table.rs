//! Tables for people.

use std::fmt::Write as _;

/// A table of text.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name of its files, such as "table1".
    pub id: String,
    /// A heading.
    pub title: String,
    /// What it shows and how it was made.
    pub caption: String,
    /// The names of its columns.
    pub header: Vec<String>,
    /// Its rows, as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Whether there are numbers in a column, from 0, rather than words.
    pub(crate) fn has_numbers(&self, column: usize) -> bool {
        let number =
            |cell: &String| cell.starts_with(|c: char| c.is_ascii_digit() || "+−-".contains(c));
        self.rows
            .iter()
            .filter_map(|row| row.get(column))
            .any(number)
    }

    /// The table in Markdown, with its caption beneath.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text.push_str(&row(&self.header));
        text.push_str(&"|---".repeat(self.header.len()));
        text.push_str("|\n");
        for cells in &self.rows {
            text.push_str(&row(cells));
        }
        let _ = write!(text, "\n{}\n", self.caption);
        text
    }
}
