//! A small tape as a picture: text for Graphviz, with every value and its adjoint.

use std::fmt::Write as _;

use crate::algebra::Origin;
use crate::ops::plastic::{MatrixOp, Matvec, MatvecT};
use crate::program::{Action, Node};
use crate::{Real, Tape, Var};

/// # Pictures
impl<T: Real> Tape<T> {
    /// What is recorded up to `loss`, as text for Graphviz (`dot -Tsvg`): a node for
    /// each value with its name, operation, numbers and adjoint dL/dx, and a chain of
    /// boxes for the versions of each plastic matrix. `names` labels values for people;
    /// the others are called by their operation. For tapes of some dozen values.
    ///
    /// ```
    /// let mut tape = autodiff::Tape::<f64>::new();
    /// let x = tape.variable_scalar(3.0);
    /// let y = tape.mul(x, x);
    /// let dot = tape.to_dot(y, &[(x, "x"), (y, "L")]);
    /// assert!(dot.contains(r#"n0 [label="x\n3\ndL: 6""#));
    /// assert!(dot.contains("n0 -> n1"));
    /// ```
    ///
    /// # Panics
    /// As [`Tape::gradient`].
    #[track_caller]
    pub fn to_dot(&mut self, loss: Var, names: &[(Var, &str)]) -> String {
        let all: Vec<Var> = (0..=loss.index)
            .map(|index| self.program.var(index))
            .collect();
        let gradient = self.gradient(loss, &all);
        let mut text = String::from(
            "digraph tape {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", \
             fillcolor=white, fontname=\"monospace\", fontsize=11];\n",
        );
        let mut versions = vec![0; self.slots.len()];
        for (slot, matrix) in self.slots.iter().enumerate() {
            let kind = match matrix.origin {
                Origin::Plastic => "W",
                Origin::Fixed => "B",
                // Made by recorded gradients.
                Origin::Zeros | Origin::Start(_) | Origin::Fork => "M",
            };
            let (post, pre) = matrix.store.dim();
            let _ = writeln!(
                text,
                "  m{slot}_0 [label=\"{kind}{slot}, {post}×{pre}\", shape=box3d, style=filled, \
                 fillcolor=\"#dbe9f6\"];"
            );
        }
        for (x, dx) in all.iter().zip((0..all.len()).map(|i| gradient.of(i))) {
            let node = self.program.nodes[x.index()];
            self.draw(&mut text, &node, *x, dx, names, &mut versions);
        }
        text.push_str("}\n");
        text
    }

    fn draw(
        &self,
        text: &mut String,
        node: &Node,
        x: Var,
        dx: &[T],
        names: &[(Var, &str)],
        versions: &mut [usize],
    ) {
        let index = x.index;
        let inputs = (0..node.inputs as usize).map(|i| self.program.input(index, i).index);
        if let Some(slot) = node.action.changes() {
            let slot = slot.index();
            let (before, after) = (versions[slot], versions[slot] + 1);
            versions[slot] = after;
            let _ = writeln!(
                text,
                "  m{slot}_{after} [label=\"W{slot} after update {after}\", shape=box3d, \
                 style=filled, fillcolor=\"#dbe9f6\"];\n  m{slot}_{before} -> m{slot}_{after} \
                 [penwidth=2.5, color=\"#1f6fb4\"];"
            );
            for input in inputs.filter(|i| self.program.one != Some(*i)) {
                let _ = writeln!(text, "  n{input} -> m{slot}_{after};");
            }
            return;
        }
        if self.program.one == Some(index) {
            return;
        }
        let operation = node.action.name();
        let name = names.iter().find(|(named, _)| *named == x).map(|(_, n)| *n);
        let title = match (name, node.action) {
            (Some(name), Action::Input) => name.to_owned(),
            (Some(name), _) => format!("{name} = {operation}"),
            (None, Action::Input) => "constant".to_owned(),
            (None, _) => operation.to_owned(),
        };
        let value = numbers(self.program.value(index));
        let mut label = format!("{title}\\n{value}");
        if node.active {
            let _ = write!(label, "\\ndL: {}", numbers(dx));
        }
        let color = match (node.action, node.active) {
            (Action::Input, true) => ", fillcolor=\"#fde9c9\"",
            (_, false) => ", fillcolor=\"#eeeeee\"",
            _ => "",
        };
        let _ = writeln!(text, "  n{index} [label=\"{label}\"{color}];");
        for input in inputs {
            let _ = writeln!(text, "  n{input} -> n{index};");
        }
        if let Action::Matrix(
            MatrixOp::Matvec(Matvec { w, .. }) | MatrixOp::MatvecT(MatvecT { w, .. }),
        ) = node.action
        {
            let slot = w.index();
            let version = versions[slot];
            let _ = writeln!(text, "  m{slot}_{version} -> n{index} [color=\"#1f6fb4\"];");
        }
    }
}

/// Up to four numbers in full, more as the first three and how many there are.
fn numbers<T: Real>(x: &[T]) -> String {
    const SHOWN: usize = 4;
    let one = |x: &T| {
        let x = x.to_f64();
        // Four significant digits, without trailing zeros.
        let digits = if x == 0.0 || !x.is_finite() {
            0
        } else {
            (3 - x.abs().log10().floor() as i32).clamp(0, 12) as usize
        };
        let text = format!("{x:.digits$}");
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    };
    let list = |x: &[T]| x.iter().map(one).collect::<Vec<_>>().join(", ");
    match x {
        [only] => one(only),
        _ if x.len() <= SHOWN => format!("[{}]", list(x)),
        _ => format!("[{}, … {} in all]", list(&x[..SHOWN - 1]), x.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outer;

    #[test]
    fn a_picture_shows_the_versions_of_a_matrix_and_who_reads_which() {
        let mut tape = Tape::<f64>::new();
        let rate = tape.variable_scalar(0.1);
        let mut w = tape.plastic(ndarray::array![[3.0]].view());
        let x = tape.constant_vector(&[2.0]);
        let z = tape.matvec(&w, x);
        tape.update(&mut w, None, &[Outer::scaled(rate, z, x)]);
        let after = tape.matvec(&w, x);
        let loss = tape.dot(after, after);
        let dot = tape.to_dot(loss, &[(rate, "rate"), (x, "x"), (loss, "L")]);
        assert!(
            dot.contains("m0_0 -> n2") && dot.contains("m0_0 -> m0_1"),
            "{dot}"
        );
        assert!(dot.contains("m0_1 -> n5"), "{dot}");
        // L = (6 + 0.1·6·4)² = 8.4², dL/drate = 2·8.4·24.
        assert!(
            dot.contains("n0 [label=\"rate\\n0.1\\ndL: 403.2\""),
            "{dot}"
        );
        assert!(
            dot.contains("n6 [label=\"L = dot\\n70.56\\ndL: 1\""),
            "{dot}"
        );
        assert!(dot.contains("n1 [label=\"x\\n2\", fillcolor"), "{dot}");
    }

    #[test]
    fn long_vectors_are_cut_short() {
        assert_eq!(numbers(&[1.0, 2.5, -3.0]), "[1, 2.5, -3]");
        assert_eq!(numbers(&[0.125; 40]), "[0.125, 0.125, 0.125, … 40 in all]");
        assert_eq!(numbers(&[1234567.0]), "1234567");
        assert_eq!(numbers(&[0.00012345]), "0.0001234");
        assert_eq!(numbers(&[f64::NAN]), "NaN");
    }
}
