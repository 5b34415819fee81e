//! Derivative rules of what is done with plastic matrices.
//!
//! In the reverse sweep `w` is W as it was when the operation ran, and `adjoint` is
//! Λ = dL/dW, as far as later operations have contributed to it.

use std::ops::Range;

use super::PlasticOp;
use crate::algebra::{Algebra, MatrixId, Outer, Products, Reverse, Shorthand, Signed, Tangent};
use crate::ops;
use crate::shape::Shape;
use crate::support::Support;
use crate::sweep::{Inner, Needs};

/// What a sweep keeps for each plastic matrix of the program: the matrix at the
/// sweep's time, and its adjoint Λ (or its tangent Ẇ), if derivatives pass through it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Companions<V> {
    pub(crate) w: MatrixId,
    pub(crate) derivative: Option<MatrixId>,
    /// Whether the sweep reads `w`; if not, it need not follow it through time.
    pub(crate) read: bool,
    /// ⟨Λ, W⟩ at the sweep's time, if the sweep needs it and can follow it.
    inner: Option<Inner<V>>,
}

impl<V: Copy + PartialEq> Companions<V> {
    /// At the start of a sweep: `derivative` is zero.
    pub(crate) fn new(w: MatrixId, derivative: Option<MatrixId>, needs: Needs) -> Self {
        Companions {
            w,
            derivative,
            read: needs.read,
            inner: (needs.inner && derivative.is_some()).then(Inner::zero),
        }
    }
}

/// Vectors of a rule, kept between nodes so that a sweep does not allocate.
pub(crate) struct Room<V> {
    terms: Vec<Outer<V>>,
    groups: Vec<Group<V>>,
    merged: Vec<Outer<V>>,
    wanted: Vec<(bool, bool)>,
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

/// The terms of an update, whose inputs come in threes from input `first` on.
fn terms_of<A: Algebra>(
    algebra: &A,
    node: u32,
    first: usize,
) -> impl Iterator<Item = Outer<A::Value>> {
    let program = algebra.program();
    let inputs = program.nodes[node as usize].inputs as usize;
    (first..inputs).step_by(3).map(move |i| {
        let scale = program.input(node, i);
        Outer {
            scale: (program.one != Some(scale.index)).then(|| algebra.recorded(scale)),
            post: algebra.recorded(program.input(node, i + 1)),
            pre: algebra.recorded(program.input(node, i + 2)),
        }
    })
}

/// The reverse rule of `op`. `cx.adjoint` is meaningful only if the operation has a
/// value; updates have none.
pub(crate) fn reverse<A: Algebra>(
    op: PlasticOp,
    cx: &mut Reverse<'_, A>,
    matrices: &mut [Companions<A::Value>],
    room: &mut Room<A::Value>,
) {
    let of = |slot: u32| matrices[slot as usize];
    match op {
        // z = y Wᵀ: ȳ = z̄ W, Λ += z̄ ⊗ y.
        PlasticOp::Matvec { slot } => {
            let (y, dz) = (cx.input(0), cx.adjoint());
            let Companions { w, derivative, .. } = of(slot);
            cx.give(0, |g| {
                let on = g.support(y);
                g.matvec_t(w, dz, on)
            });
            if let Some(adjoint) = derivative {
                let term = Outer {
                    scale: None,
                    post: dz,
                    pre: y,
                };
                cx.algebra.update(adjoint, None, &[term]);
            }
            if let Some(inner) = &mut matrices[slot as usize].inner {
                let z = cx.output();
                inner.add(cx.algebra, |g| g.dot(dz, z));
            }
        }
        // u = e W on a support: ē = ū Wᵀ, Λ += e ⊗ ū, with ū cut to the support. Behind a
        // gate the output is g = u ⊙ σ', so ū = ḡ ⊙ σ', and ⟨ū, u⟩ = ⟨ḡ, g⟩.
        PlasticOp::MatvecT {
            slot,
            detached,
            gate,
        } => {
            let (e, g, dg) = (cx.input(0), cx.output(), cx.adjoint());
            let Companions { w, derivative, .. } = of(slot);
            let on = cx.algebra.support(g);
            let gate = gate.map(|beta| (cx.input(1), beta));
            let mut du = gated(cx.algebra, dg, gate);
            if on != cx.algebra.support(du) && !on.is_dense() {
                du = cx.algebra.restrict(du, on);
            }
            cx.give(0, |algebra| algebra.matvec(w, du));
            if let (Some(adjoint), false) = (derivative, detached) {
                let term = Outer {
                    scale: None,
                    post: e,
                    pre: du,
                };
                cx.algebra.update(adjoint, None, &[term]);
                if let Some(inner) = &mut matrices[slot as usize].inner {
                    inner.add(cx.algebra, |algebra| algebra.dot(dg, g));
                }
            }
        }
        // u = (|V| ⊙ sign W)ᵀ e or z = (|V| ⊙ sign W) y, both matrices constant: the
        // adjoint goes through the transposed matrix.
        PlasticOp::Signed {
            signs,
            sizes,
            transposed,
        } => {
            let (x, out, mut d) = (cx.input(0), cx.output(), cx.adjoint());
            let matrices = signed(matrices, signs, sizes);
            let on = cx.algebra.support(out);
            if on != cx.algebra.support(d) && !on.is_dense() {
                d = cx.algebra.restrict(d, on);
            }
            cx.give(0, |g| {
                let on = if transposed {
                    Support::DENSE
                } else {
                    g.support(x)
                };
                g.signed(matrices, d, !transposed, on)
            });
        }
        // W' = s W + Σ t a ⊗ b: the terms as below, s̄ = ⟨Λ, W⟩, Λ ← s Λ, and W' becomes W.
        PlasticOp::Update { slot, scaled } => {
            let Companions { w, derivative, .. } = of(slot);
            let node = cx.node;
            let scale = scaled.then(|| cx.input(0));
            let first = usize::from(scaled);
            room.terms.clear();
            room.terms.extend(terms_of(cx.algebra, node, first));
            if let Some(adjoint) = derivative {
                room.group_terms();
                through_terms(cx, adjoint, first, &mut matrices[slot as usize].inner, room);
            }
            unwind(op, cx.algebra, node, matrices, room);
            if let (Some(s), Some(adjoint)) = (scale, derivative) {
                let inner = matrices[slot as usize].inner;
                cx.give(0, |g| match inner {
                    Some(inner) => inner.before_scaling(g, s),
                    None => g.frobenius(adjoint, w),
                });
                cx.algebra.update(adjoint, Some(s), &[]);
            }
        }
        // f = ⟨A, B⟩: Ā += f̄ B, B̄ += f̄ A.
        PlasticOp::Frobenius { a, b } => {
            let df = cx.adjoint();
            if let Some(adjoint) = of(a).derivative {
                cx.algebra.add_scaled(adjoint, df, of(b).w);
            }
            if let Some(adjoint) = of(b).derivative {
                cx.algebra.add_scaled(adjoint, df, of(a).w);
            }
        }
        // W' = W + s V: s̄ = ⟨Λ_W, V⟩, Λ_V += s Λ_W, and W' becomes W.
        PlasticOp::AddScaled { slot, from } => {
            let s = cx.input(0);
            let (to, source) = (of(slot), of(from));
            if let Some(adjoint) = to.derivative {
                cx.give(0, |g| g.frobenius(adjoint, source.w));
                if let Some(source_adjoint) = source.derivative {
                    cx.algebra.add_scaled(source_adjoint, s, adjoint);
                }
            }
            let node = cx.node;
            unwind(op, cx.algebra, node, matrices, room);
        }
        // W' = V: Λ_V += Λ_W.
        PlasticOp::Fork { slot, from } => {
            if let (Some(adjoint), Some(source)) = (of(slot).derivative, of(from).derivative) {
                let one = cx.algebra.constant(Shape::SCALAR, 1.0);
                cx.algebra.add_scaled(source, one, adjoint);
            }
        }
    }
}

/// x, or x times the slope of softplus_β where its value is y for a gate (y, β).
fn gated<A: Algebra>(g: &mut A, x: A::Value, gate: Option<(A::Value, f64)>) -> A::Value {
    match gate {
        Some((y, beta)) => g.gate(x, y, beta),
        None => x,
    }
}

/// The shares of the terms of an update, whose inputs come in threes from `first` on.
///
/// Terms that share a, as a ⊗ p with p = Σ tₖ bₖ: ā = p Λᵀ, b̄ₖ = tₖ a Λ and
/// t̄ₖ = ⟨a Λ, bₖ⟩, which takes two products with Λ however many terms there are. For a
/// single term ā = t b Λᵀ, so that t̄ = ⟨a, b Λᵀ⟩ is at hand if nobody wants b̄.
///
/// What the terms contributed to ⟨Λ, W'⟩ is taken off `inner`.
fn through_terms<A: Algebra>(
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
        room.wanted.push((back, forth));
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

/// Takes back what `op`, recorded as `node`, did to a matrix, and nothing else.
pub(crate) fn unwind<A: Algebra>(
    op: PlasticOp,
    algebra: &mut A,
    node: u32,
    matrices: &[Companions<A::Value>],
    room: &mut Room<A::Value>,
) {
    let of = |slot: u32| matrices[slot as usize];
    let input = |algebra: &A| algebra.recorded(algebra.program().input(node, 0));
    match op {
        PlasticOp::Update { slot, scaled } if of(slot).read => {
            let scale = scaled.then(|| input(algebra));
            room.terms.clear();
            room.terms
                .extend(terms_of(algebra, node, usize::from(scaled)));
            algebra.undo(of(slot).w, node, scale, &room.terms);
        }
        PlasticOp::AddScaled { slot, from } if of(slot).read => {
            let s = input(algebra);
            let back = algebra.affine(s, -1.0, 0.0);
            algebra.add_scaled(of(slot).w, back, of(from).w);
        }
        _ => {}
    }
}

/// The forward-mode rule of `op`: the output's tangent, and the matrices and their
/// tangents Ẇ brought past the operation.
pub(crate) fn tangent<A: Algebra>(
    op: PlasticOp,
    cx: &mut Tangent<'_, A>,
    matrices: &[Companions<A::Value>],
    room: &mut Room<A::Value>,
) {
    let of = |slot: u32| matrices[slot as usize];
    match op {
        // ż = ẏ Wᵀ + y Ẇᵀ.
        PlasticOp::Matvec { slot } => {
            let y = cx.input(0);
            let Companions { w, derivative, .. } = of(slot);
            cx.take(0, |g, dy| g.matvec(w, dy));
            if let Some(dw) = derivative {
                let term = cx.algebra.matvec(dw, y);
                cx.add(term);
            }
        }
        // u̇ = ė W + e Ẇ, on the support; behind a gate, times σ'.
        PlasticOp::MatvecT {
            slot,
            detached,
            gate,
        } => {
            let e = cx.input(0);
            let gate = gate.map(|beta| (cx.input(1), beta));
            let Companions { w, derivative, .. } = of(slot);
            let on = cx.algebra.support(cx.output());
            cx.take(0, |g, de| {
                let du = g.matvec_t(w, de, on);
                gated(g, du, gate)
            });
            if let (Some(dw), false) = (derivative, detached) {
                let du = cx.algebra.matvec_t(dw, e, on);
                let term = gated(cx.algebra, du, gate);
                cx.add(term);
            }
        }
        // The matrices are constants.
        PlasticOp::Signed {
            signs,
            sizes,
            transposed,
        } => {
            let matrices = signed(matrices, signs, sizes);
            let on = cx.algebra.support(cx.output());
            cx.take(0, |g, dx| g.signed(matrices, dx, transposed, on));
        }
        // Ẇ' = s Ẇ + ṡ W + Σ ṫ a ⊗ b + t ȧ ⊗ b + t a ⊗ ḃ.
        PlasticOp::Update { slot, scaled } => {
            let Companions { w, derivative, .. } = of(slot);
            let scale = scaled.then(|| cx.input(0));
            let first = usize::from(scaled);
            if let Some(dw) = derivative {
                room.terms.clear();
                let tangent = |cx: &Tangent<'_, A>, k, i| cx.of_input(first + 3 * k + i);
                // Terms with the same post-synaptic vector side by side.
                for (k, term) in terms_of(cx.algebra, cx.node, first).enumerate() {
                    let of_scale = tangent(cx, k, 0).map(|dt| Outer {
                        scale: Some(dt),
                        ..term
                    });
                    let of_pre = tangent(cx, k, 2).map(|db| Outer { pre: db, ..term });
                    room.terms.extend([of_scale, of_pre].into_iter().flatten());
                }
                for (k, term) in terms_of(cx.algebra, cx.node, first).enumerate() {
                    let of_post = tangent(cx, k, 1).map(|da| Outer { post: da, ..term });
                    room.terms.extend(of_post);
                }
                cx.algebra.update(dw, scale, &room.terms);
                if let Some(ds) = scaled.then(|| cx.of_input(0)).flatten() {
                    cx.algebra.add_scaled(dw, ds, w);
                }
            }
            room.terms.clear();
            room.terms.extend(terms_of(cx.algebra, cx.node, first));
            cx.algebra.update(w, scale, &room.terms);
        }
        // ḟ = ⟨Ȧ, B⟩ + ⟨A, Ḃ⟩.
        PlasticOp::Frobenius { a, b } => {
            for (derivative, other) in [(of(a).derivative, of(b).w), (of(b).derivative, of(a).w)] {
                if let Some(derivative) = derivative {
                    let term = cx.algebra.frobenius(derivative, other);
                    cx.add(term);
                }
            }
        }
        // Ẇ' = Ẇ + ṡ V + s V̇.
        PlasticOp::AddScaled { slot, from } => {
            let s = cx.input(0);
            let (to, source) = (of(slot), of(from));
            if let Some(dw) = to.derivative {
                if let Some(ds) = cx.of_input(0) {
                    cx.algebra.add_scaled(dw, ds, source.w);
                }
                if let Some(dv) = source.derivative {
                    cx.algebra.add_scaled(dw, s, dv);
                }
            }
            cx.algebra.add_scaled(to.w, s, source.w);
        }
        // W' = V, Ẇ' = V̇: the copies start from zero.
        PlasticOp::Fork { slot, from } => {
            let (to, source) = (of(slot), of(from));
            let one = cx.algebra.constant(Shape::SCALAR, 1.0);
            cx.algebra.add_scaled(to.w, one, source.w);
            if let (Some(dw), Some(dv)) = (to.derivative, source.derivative) {
                cx.algebra.add_scaled(dw, one, dv);
            }
        }
    }
}

/// The matrices of a product with |V| ⊙ sign W, at the sweep's time.
fn signed<V: Copy>(matrices: &[Companions<V>], signs: u32, sizes: u32) -> Signed {
    Signed {
        signs: matrices[signs as usize].w,
        sizes: matrices[sizes as usize].w,
    }
}

/// Whether an operation changes a matrix, so that a sweep cannot pass it by.
pub(crate) fn changes_matrix(op: PlasticOp) -> bool {
    matches!(
        op,
        PlasticOp::Update { .. } | PlasticOp::AddScaled { .. } | PlasticOp::Fork { .. }
    )
}
