//! Updates in place: what makes a matrix plastic.

use std::ops::Range;

use super::{Inner, MatrixOperation, Needing, Stores};
use crate::Real;
use crate::algebra::{
    Algebra, Change, MatrixAlgebra, MatrixId, Outer, Products, Reverse, Shorthand, Tangent, Wanted,
};
use crate::ops;
use crate::program::Program;
use crate::shape::Shape;
use crate::support::Support;
use crate::view::Inputs;

/// W' = s W + Σ tₖ aₖ ⊗ bₖ; inputs t₁, a₁, b₁, t₂, …, and s first if `scaled`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Update {
    pub(crate) w: MatrixId,
    pub(crate) scaled: bool,
}

impl Update {
    /// Which input is the first of the terms.
    pub(crate) fn first(self) -> usize {
        usize::from(self.scaled)
    }

    /// The terms. A factor that is the constant 1 is left out.
    fn terms<A: Algebra>(self, g: &A, node: u32) -> impl Iterator<Item = Outer<A::Value>> {
        let program: &Program<A::Real> = g.program();
        let inputs = program.nodes[node as usize].inputs as usize;
        (self.first()..inputs).step_by(3).map(move |i| {
            let scale = program.input(node, i);
            Outer {
                scale: (program.one != Some(scale.index)).then(|| g.recorded(scale)),
                post: g.recorded(program.input(node, i + 1)),
                pre: g.recorded(program.input(node, i + 2)),
            }
        })
    }

    /// Its inputs, to do it again or take it back: the scale, and the terms in `room`.
    fn read<A: MatrixAlgebra>(self, cx: &mut Change<'_, A>) -> Option<A::Value> {
        cx.room.terms.clear();
        let terms = self.terms(cx.algebra, cx.node);
        cx.room.terms.extend(terms);
        self.scaled.then(|| cx.input(0))
    }
}

impl MatrixOperation for Update {
    const NAME: &'static str = "update";

    fn is_active(&self, inputs: bool, _: &dyn Fn(MatrixId) -> bool) -> bool {
        inputs
    }

    fn value<T: Real>(&self, matrices: &mut impl Stores<T>, x: &impl Inputs<T>, _: &mut [T]) {
        let w = matrices.store(self.w);
        w.begin_update(self.scaled.then(|| x.get(0).scalar()));
        let terms = (self.first()..x.len()).step_by(3);
        w.add_terms(terms.map(|i| (x.get(i).scalar(), x.get(i + 1), x.operand(i + 2))));
    }

    /// The terms as in [`through_terms`], s̄ = ⟨Λ, W⟩, Λ ← s Λ.
    fn reverse<A: MatrixAlgebra>(&self, cx: &mut Reverse<'_, A>) {
        let w = cx.matrix(self.w);
        let Some(adjoint) = w.derivative else {
            return;
        };
        let mut room = std::mem::take(&mut cx.carried.room);
        let mut inner = w.inner;
        room.terms.clear();
        room.terms.extend(self.terms(cx.algebra, cx.node));
        room.group_terms();
        through_terms(cx, adjoint, self.first(), &mut inner, &mut room);
        cx.carried.room = room;
        if self.scaled {
            let s = cx.input(0);
            cx.give(0, |g| match &mut inner {
                Some(inner) => inner.before_scaling(g, s),
                None => g.frobenius(adjoint, w.w),
            });
            cx.algebra.update(adjoint, Some(s), &[]);
        }
        cx.carried.matrices[self.w.index()].inner = inner;
    }

    /// Ẇ' = s Ẇ + ṡ W + Σ ṫ a ⊗ b + t ȧ ⊗ b + t a ⊗ ḃ.
    fn tangent<A: MatrixAlgebra>(&self, cx: &mut Tangent<'_, A>) {
        let w = cx.matrix(self.w);
        let scale = self.scaled.then(|| cx.input(0));
        let mut room = std::mem::take(&mut cx.carried.room);
        if let Some(dw) = w.derivative {
            room.terms.clear();
            let tangent = |cx: &Tangent<'_, A>, k, i| cx.of_input(self.first() + 3 * k + i);
            // Terms with the same post-synaptic vector side by side.
            for (k, term) in self.terms(cx.algebra, cx.node).enumerate() {
                let of_scale = tangent(cx, k, 0).map(|dt| Outer {
                    scale: Some(dt),
                    ..term
                });
                let of_pre = tangent(cx, k, 2).map(|db| Outer { pre: db, ..term });
                room.terms.extend([of_scale, of_pre].into_iter().flatten());
            }
            for (k, term) in self.terms(cx.algebra, cx.node).enumerate() {
                let of_post = tangent(cx, k, 1).map(|da| Outer { post: da, ..term });
                room.terms.extend(of_post);
            }
            cx.algebra.update(dw, scale, &room.terms);
            if let Some(ds) = self.scaled.then(|| cx.of_input(0)).flatten() {
                cx.algebra.add_scaled(dw, ds, w.w);
            }
        }
        room.terms.clear();
        room.terms.extend(self.terms(cx.algebra, cx.node));
        cx.algebra.update(w.w, scale, &room.terms);
        cx.carried.room = room;
    }

    fn needs<T: Real>(&self, cx: &mut Needing<'_, T>) {
        if self.scaled {
            let (wanted, scale) = (cx.wants(0), cx.number(0));
            let needs = cx.of(self.w);
            needs.scale_wanted |= wanted;
            // Not a number is not enough either.
            let enough = scale.abs() >= LEAST_SCALE;
            needs.barred |= !enough;
        }
    }

    fn changes(&self) -> Option<MatrixId> {
        Some(self.w)
    }

    fn again<A: MatrixAlgebra>(&self, cx: &mut Change<'_, A>) {
        let scale = self.read(cx);
        let w = cx.w(self.w);
        cx.algebra.update(w, scale, &cx.room.terms);
    }

    /// W = (W' − Σ tₖ aₖ ⊗ bₖ)/s.
    fn undo<A: MatrixAlgebra>(&self, cx: &mut Change<'_, A>) {
        let scale = self.read(cx);
        let w = cx.w(self.w);
        cx.algebra.undo(w, scale, &cx.room.terms);
        if let Some(scale) = scale {
            let scale = cx.algebra.number(scale).abs();
            let w = &mut cx.matrices[self.w.index()];
            // NaN if it is.
            let at_least_one = |x: f64| if x < 1.0 { 1.0 } else { x };
            w.shrunk = at_least_one(w.shrunk * scale);
            w.grown = at_least_one(w.grown / scale);
        }
    }
}

/// Least |s| for which it is worth trying to follow ⟨Λ, W⟩ through W' = sW + …: with less,
/// hardly anything of W is left in W', and the sweep would have to be done again.
const LEAST_SCALE: f64 = 0.5;

/// Vectors of a rule, kept between nodes so that a sweep does not allocate.
pub(crate) struct Room<V> {
    terms: Vec<Outer<V>>,
    groups: Vec<Group<V>>,
    merged: Vec<Outer<V>>,
    wanted: Vec<Wanted>,
    products: Vec<Products<V>>,
    values: Vec<V>,
}

/// Terms in a row with the same post-synaptic vector: a ⊗ Σ sₖ bₖ.
#[derive(Clone, Copy)]
struct Group<V> {
    post: V,
    /// The first term, and how many there are.
    first: usize,
    terms: usize,
}

impl<V> Default for Room<V> {
    fn default() -> Self {
        Room {
            terms: Vec::new(),
            groups: Vec::new(),
            merged: Vec::new(),
            wanted: Vec::new(),
            products: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<V> Group<V> {
    fn members(&self) -> Range<usize> {
        self.first..self.first + self.terms
    }
}

impl<V: Copy + PartialEq> Room<V> {
    fn group_terms(&mut self) {
        self.groups.clear();
        for (k, term) in self.terms.iter().enumerate() {
            match self.groups.last_mut() {
                Some(group) if group.post == term.post => group.terms += 1,
                _ => self.groups.push(Group {
                    post: term.post,
                    first: k,
                    terms: 1,
                }),
            }
        }
    }

    /// Σ sₖ bₖ over the terms of a group.
    fn merged_pre<A: Algebra<Value = V>>(&mut self, g: &mut A, group: Group<V>) -> V {
        self.values.clear();
        for term in &self.terms[group.members()] {
            let scale = term.scale.unwrap_or_else(|| g.constant(Shape::SCALAR, 1.0));
            self.values.extend([scale, term.pre]);
        }
        g.evaluate(ops::Combine.into(), &self.values)
    }
}

/// The shares of the terms of an update, whose inputs come in threes from `first` on.
///
/// Terms that share a, as a ⊗ p with p = Σ tₖ bₖ: ā = p Λᵀ, b̄ₖ = tₖ a Λ and
/// t̄ₖ = ⟨a Λ, bₖ⟩, which takes two products with Λ however many terms there are. For a
/// single term ā = t b Λᵀ, so that t̄ = ⟨a, b Λᵀ⟩ is at hand if nobody wants b̄.
///
/// What the terms contributed to ⟨Λ, W'⟩ is taken off `inner`.
fn through_terms<A: MatrixAlgebra>(
    cx: &mut Reverse<'_, A>,
    adjoint: MatrixId,
    first: usize,
    inner: &mut Option<Inner<A::Value>>,
    room: &mut Room<A::Value>,
) {
    let inputs = |k: usize| (first + 3 * k, first + 3 * k + 1, first + 3 * k + 2);
    room.merged.clear();
    room.wanted.clear();
    for i in 0..room.groups.len() {
        let group = room.groups[i];
        let wants = |pick: fn((usize, usize, usize)) -> usize| {
            group.members().any(|k| cx.wants(pick(inputs(k))))
        };
        let (t, a, b) = (wants(|x| x.0), wants(|x| x.1), wants(|x| x.2));
        let forth = b || (t && group.terms > 1);
        let back = a || ((t || inner.is_some()) && !forth);
        let pre = if group.terms == 1 {
            room.terms[group.first].pre
        } else {
            room.merged_pre(cx.algebra, group)
        };
        room.merged.push(Outer {
            scale: None,
            post: group.post,
            pre,
        });
        // Where the adjoint of every member matters.
        let supported = cx.algebra.support(pre);
        let on_supports = group
            .members()
            .all(|k| cx.matters(inputs(k).2) == cx.algebra.support(room.terms[k].pre));
        let on = if on_supports {
            supported
        } else {
            Support::DENSE
        };
        room.wanted.push(Wanted { back, forth, on });
    }
    room.products.clear();
    cx.algebra
        .products(adjoint, &room.merged, &room.wanted, &mut room.products);
    let groups = room.groups.iter().zip(&room.merged);
    for ((group, merged), (back, forth)) in groups.zip(&room.products) {
        let times = |g: &mut A, scale: Option<A::Value>, x| match scale {
            Some(scale) => g.scale(scale, x),
            None => x,
        };
        // The factors of several terms are in p already.
        let alone = group.terms == 1;
        let scale = room.terms[group.first].scale.filter(|_| alone);
        if let Some(back) = *back {
            cx.give(inputs(group.first).1, |g| times(g, scale, back));
        }
        for k in group.members() {
            let Outer { scale, post, pre } = room.terms[k];
            let (t, _, b) = inputs(k);
            match (*back, *forth) {
                (_, Some(forth)) => {
                    cx.give(t, |g| g.dot(forth, pre));
                    cx.give(b, |g| times(g, scale, forth));
                }
                (Some(back), None) => cx.give(t, |g| g.dot(post, back)),
                (None, None) => {}
            }
        }
        if let Some(inner) = inner {
            inner.subtract(cx.algebra, |g| {
                let share = match (*back, *forth) {
                    (Some(back), _) => g.dot(merged.post, back),
                    (None, Some(forth)) => g.dot(forth, merged.pre),
                    (None, None) => unreachable!("one of them was asked for"),
                };
                times(g, scale, share)
            });
        }
    }
}
