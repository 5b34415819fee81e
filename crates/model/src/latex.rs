//! A rule as LaTeX.

use crate::{Rule, Term};

impl Rule {
    /// The rule as an `align` environment: the updates, and each term.
    pub fn to_latex(&self) -> String {
        let mut lines = Vec::new();
        let lists = [('W', r"\theta", &self.terms), ('B', r"\varphi", &self.back)];
        for (matrix, letter, terms) in lists {
            if terms.is_empty() {
                continue;
            }
            let name = |term: &Term| format!(r"\mathrm{{{}}}", term.name.replace('_', r"\_"));
            let parts = terms
                .iter()
                .map(|term| format!(r"{letter}_{{{0}}} F^{{{0}}}_\ell", name(term)));
            let parts: Vec<String> = parts.collect();
            lines.push(format!(r"\Delta {matrix}_\ell &= {}", parts.join(" + ")));
            lines.extend(terms.iter().map(|term| {
                let formula = term.expression().to_latex(matrix);
                format!(r"F^{{{}}}_\ell &= {formula}", name(term))
            }));
        }
        format!(
            "\\begin{{align}}\n  {}\n\\end{{align}}\n",
            lines.join(" \\\\\n  ")
        )
    }
}
