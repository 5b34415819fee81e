//! What belongs together: the paper, and what goes beyond it.

use crate::beyond;
use crate::claims::CLAIMS;
use crate::target::Target;
use crate::targets::TARGETS;
use crate::verdict::Claim;

/// Claims, and the targets that bring what they are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Study {
    /// What all of it is called on the command line.
    pub name: &'static str,
    /// The title of its report.
    pub title: &'static str,
    /// What the names of its folders end with.
    pub suffix: &'static str,
    /// Its targets.
    pub targets: &'static [Target],
    /// Its claims.
    pub claims: &'static [&'static Claim],
}

/// All studies, the paper first.
pub static STUDIES: [Study; 2] = [
    Study {
        name: "all",
        title: "Plasticity rules with random feedback, reproduced",
        suffix: "",
        targets: &TARGETS,
        claims: &CLAIMS,
    },
    Study {
        name: "beyond",
        title: "Beyond the paper: other rules, pathways, outer loops and lessons",
        suffix: "-beyond",
        targets: &beyond::TARGETS,
        claims: &beyond::CLAIMS,
    },
];

impl Study {
    /// The study of a name.
    pub fn named(name: &str) -> Option<&'static Study> {
        STUDIES.iter().find(|study| study.name == name)
    }

    /// Those that any of some targets belongs to.
    pub fn of(targets: &[&Target]) -> impl Iterator<Item = &'static Study> {
        let has = |study: &Study, name: &str| study.targets.iter().any(|own| own.name == name);
        let studies = STUDIES.iter();
        studies.filter(move |study| targets.iter().any(|target| has(study, target.name)))
    }

    /// The criteria of its claims as a page of the book, in Markdown.
    pub fn criteria(&self) -> String {
        let mut text = format!("# {}\n", self.title);
        for claim in self.claims {
            let Claim {
                id,
                figure,
                statement,
                criterion,
                ..
            } = claim;
            text += &format!("\n**{id}**, `{figure}`. {statement}\n\n> {criterion}\n");
        }
        text
    }
}
