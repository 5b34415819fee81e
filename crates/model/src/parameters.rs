//! All that is meta-learned, as one list.

use crate::{Feedback, Rule, Term};

/// What a meta-learned number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParameterKind {
    /// θ, the coefficient of a term of W; the only kind that is penalised.
    Theta,
    /// φ, the coefficient of a term of B.
    Phi,
    /// g, the gain of a pathway.
    Gain,
    /// A constant of the rule's texts.
    Constant,
}

/// A meta-learned number.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// What it is.
    pub kind: ParameterKind,
    /// Its name among those of its kind: that of the term, with the groups behind it
    /// ("F0_1-2" from group 2 to group 1) if there are several; "0" and "1" of a gain;
    /// that of the constant.
    pub name: String,
    /// What it starts from; a θ of the first term starts from a setting instead.
    pub start: f64,
}

impl Parameter {
    /// The column of records: "theta_F0", "phi_F0", "gain_0", "constant_b".
    pub fn column(&self) -> String {
        let prefix = match self.kind {
            ParameterKind::Theta => "theta",
            ParameterKind::Phi => "phi",
            ParameterKind::Gain => "gain",
            ParameterKind::Constant => "constant",
        };
        format!("{prefix}_{}", self.name)
    }
}

impl Parameter {
    /// As people call it: "F0" of θ, "phi_F0", "gain_0", "constant_b" of the rest.
    pub fn shown(&self) -> String {
        match self.kind {
            ParameterKind::Theta => self.name.clone(),
            _ => self.column(),
        }
    }
}

/// How many of each kind there are; the list holds them in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// θ: terms of W times pairs of groups.
    pub theta: usize,
    /// φ: terms of B times pairs of groups.
    pub phi: usize,
    /// g: 2 for a mixed pathway, else 0.
    pub gains: usize,
    /// Constants of the texts.
    pub constants: usize,
}

impl Counts {
    /// Of all kinds.
    pub fn total(self) -> usize {
        self.theta + self.phi + self.gains + self.constants
    }

    /// The parts of a list: θ, φ, g and constants.
    ///
    /// # Panics
    /// If the list has another length.
    #[track_caller]
    pub fn split<X>(self, list: &[X]) -> [&[X]; 4] {
        assert!(
            list.len() == self.total(),
            "a rule of {} meta-learned numbers needs as many, got {}",
            self.total(),
            list.len()
        );
        let (theta, rest) = list.split_at(self.theta);
        let (phi, rest) = rest.split_at(self.phi);
        let (gains, constants) = rest.split_at(self.gains);
        [theta, phi, gains, constants]
    }
}

impl Rule {
    /// Pairs of groups: coefficients of a term.
    pub(crate) fn pairs(&self) -> usize {
        self.groups().pow(2)
    }

    /// Groups of units in a layer; 1 if they are not told apart.
    pub fn groups(&self) -> usize {
        self.populations.len().max(1)
    }

    /// How many numbers are meta-learned with a pathway.
    pub fn counts(&self, feedback: Feedback) -> Counts {
        Counts {
            theta: self.terms.len() * self.pairs(),
            phi: self.back.len() * self.pairs(),
            gains: feedback.gains().len(),
            constants: self.constants.len(),
        }
    }

    /// All that is meta-learned with a pathway: θ, φ, gains, constants.
    pub fn parameters(&self, feedback: Feedback) -> Vec<Parameter> {
        let groups = self.groups();
        let of_terms = |kind: ParameterKind, terms: &[Term]| -> Vec<Parameter> {
            let pairs = (0..groups).flat_map(|p| (0..groups).map(move |q| (p, q)));
            let named = terms.iter().flat_map(|term| {
                pairs.clone().map(move |(p, q)| match groups {
                    1 => term.name.clone(),
                    _ => format!("{}_{}-{}", term.name, p + 1, q + 1),
                })
            });
            named
                .map(|name| Parameter {
                    kind,
                    name,
                    start: 0.0,
                })
                .collect()
        };
        let gains = feedback
            .gains()
            .iter()
            .enumerate()
            .map(|(i, start)| Parameter {
                kind: ParameterKind::Gain,
                name: i.to_string(),
                start: *start,
            });
        let constants = self.constants.iter().map(|constant| Parameter {
            kind: ParameterKind::Constant,
            name: constant.name.clone(),
            start: constant.start,
        });
        let mut list = of_terms(ParameterKind::Theta, &self.terms);
        list.extend(of_terms(ParameterKind::Phi, &self.back));
        list.extend(gains.chain(constants));
        list
    }

    /// What the list of [`Rule::parameters`] starts from: θ of the first term from
    /// `theta0`, all other θ and φ from 0, gains and constants from their own.
    pub fn start(&self, feedback: Feedback, theta0: f64) -> Vec<f64> {
        let parameters = self.parameters(feedback);
        let mut start: Vec<f64> = parameters.iter().map(|p| p.start).collect();
        start[..self.pairs()].fill(theta0);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_terms_groups_gains_and_constants_apart() {
        let rule = crate::rule_file::parse(
            "terms = ['F0', '-e ⊗ (e- - b)']\nback = ['F0', '-W']\n[constants]\nb = 0.5\n",
            "x",
        )
        .unwrap();
        let columns = |rule: &Rule, feedback| -> Vec<String> {
            rule.parameters(feedback)
                .iter()
                .map(Parameter::column)
                .collect()
        };
        assert_eq!(
            columns(&rule, Feedback::Mixed),
            [
                "theta_F0",
                "theta_T2",
                "phi_F0",
                "phi_F3",
                "gain_0",
                "gain_1",
                "constant_b"
            ]
        );
        assert_eq!(
            rule.start(Feedback::Mixed, 1e-3),
            [1e-3, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5]
        );
        let grouped = Rule {
            populations: vec![0.8, 0.2],
            ..Rule::built_in("fa").unwrap()
        };
        assert_eq!(
            columns(&grouped, Feedback::Fixed),
            [
                "theta_F0_1-1",
                "theta_F0_1-2",
                "theta_F0_2-1",
                "theta_F0_2-2"
            ]
        );
        assert_eq!(grouped.start(Feedback::Fixed, 0.5), [0.5; 4]);
    }
}
