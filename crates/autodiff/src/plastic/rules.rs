//! Derivative rules of what is done with plastic matrices.
//!
//! In the reverse sweep `w` is W as it was when the operation ran, and `adjoint` is
//! Λ = dL/dW, as far as later operations have contributed to it.

use super::{Outer, PlasticOp};
use crate::algebra::{Algebra, MatrixId, Products, Reverse, Shorthand, Tangent};
use crate::program::{Action, Program};
use crate::shape::Shape;

/// What a sweep keeps for each plastic matrix of the program: the matrix at the
/// sweep's time, and its adjoint Λ (or its tangent Ẇ), if derivatives pass through it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Companions {
    pub(crate) w: MatrixId,
    pub(crate) derivative: Option<MatrixId>,
    /// Whether the sweep reads `w`; if not, it need not follow it through time.
    pub(crate) read: bool,
}

/// Vectors of a rule, kept between nodes so that a sweep does not allocate.
pub(crate) struct Room<V> {
    terms: Vec<Outer<V>>,
    wanted: Vec<(bool, bool)>,
    products: Vec<Products<V>>,
}

impl<V> Default for Room<V> {
    fn default() -> Self {
        Room {
            terms: Vec::new(),
            wanted: Vec::new(),
            products: Vec::new(),
        }
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
    matrices: &[Companions],
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
        }
        // u = e W on a support: ē = ū Wᵀ, Λ += e ⊗ ū, with ū cut to the support.
        PlasticOp::MatvecT { slot, detached } => {
            let (e, u) = (cx.input(0), cx.output());
            let Companions { w, derivative, .. } = of(slot);
            let on = cx.algebra.support(u);
            let mut du = cx.adjoint();
            if on != cx.algebra.support(du) && !on.is_dense() {
                du = cx.algebra.restrict(du, on);
            }
            cx.give(0, |g| g.matvec(w, du));
            if let (Some(adjoint), false) = (derivative, detached) {
                let term = Outer {
                    scale: None,
                    post: e,
                    pre: du,
                };
                cx.algebra.update(adjoint, None, &[term]);
            }
        }
        // W' = s W + Σ t a ⊗ b: ā = t b Λᵀ, b̄ = t a Λ, t̄ = ⟨a, b Λᵀ⟩, s̄ = ⟨Λ, W⟩,
        // Λ ← s Λ, and W' becomes W.
        PlasticOp::Update { slot, scaled } => {
            let Companions { w, derivative, .. } = of(slot);
            let node = cx.node;
            let scale = scaled.then(|| cx.input(0));
            let first = usize::from(scaled);
            room.terms.clear();
            room.terms.extend(terms_of(cx.algebra, node, first));
            if let Some(adjoint) = derivative {
                let inputs = |k: usize| (first + 3 * k, first + 3 * k + 1, first + 3 * k + 2);
                room.wanted.clear();
                for k in 0..room.terms.len() {
                    let (t, a, b) = inputs(k);
                    room.wanted.push((cx.wants(t) || cx.wants(a), cx.wants(b)));
                }
                room.products.clear();
                cx.algebra
                    .products(adjoint, &room.terms, &room.wanted, &mut room.products);
                for (k, (back, forth)) in room.products.iter().enumerate() {
                    let Outer {
                        scale: factor,
                        post,
                        ..
                    } = room.terms[k];
                    let (t, a, b) = inputs(k);
                    let times = |g: &mut A, x| factor.map_or(x, |factor| g.scale(factor, x));
                    if let Some(back) = *back {
                        cx.give(t, |g| g.dot(post, back));
                        cx.give(a, |g| times(g, back));
                    }
                    if let Some(forth) = *forth {
                        cx.give(b, |g| times(g, forth));
                    }
                }
            }
            unwind(op, cx.algebra, node, matrices, room);
            if let (Some(s), Some(adjoint)) = (scale, derivative) {
                cx.give(0, |g| g.frobenius(adjoint, w));
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

/// Takes back what `op`, recorded as `node`, did to a matrix, and nothing else.
pub(crate) fn unwind<A: Algebra>(
    op: PlasticOp,
    algebra: &mut A,
    node: u32,
    matrices: &[Companions],
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
    matrices: &[Companions],
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
        // u̇ = ė W + e Ẇ, on the support.
        PlasticOp::MatvecT { slot, detached } => {
            let e = cx.input(0);
            let Companions { w, derivative, .. } = of(slot);
            let on = cx.algebra.support(cx.output());
            cx.take(0, |g, de| g.matvec_t(w, de, on));
            if let (Some(dw), false) = (derivative, detached) {
                let term = cx.algebra.matvec_t(dw, e, on);
                cx.add(term);
            }
        }
        // Ẇ' = s Ẇ + ṡ W + Σ ṫ a ⊗ b + t ȧ ⊗ b + t a ⊗ ḃ.
        PlasticOp::Update { slot, scaled } => {
            let Companions { w, derivative, .. } = of(slot);
            let scale = scaled.then(|| cx.input(0));
            let first = usize::from(scaled);
            if let Some(dw) = derivative {
                room.terms.clear();
                for (k, term) in terms_of(cx.algebra, cx.node, first).enumerate() {
                    let tangent = |i| cx.of_input(first + 3 * k + i);
                    let of_scale = tangent(0).map(|dt| Outer {
                        scale: Some(dt),
                        ..term
                    });
                    let of_post = tangent(1).map(|da| Outer { post: da, ..term });
                    let of_pre = tangent(2).map(|db| Outer { pre: db, ..term });
                    room.terms
                        .extend([of_scale, of_post, of_pre].into_iter().flatten());
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

/// Marks in `read` the slots whose matrix the reverse rule of a node reads.
pub(crate) fn mark_read<T: crate::Real>(program: &Program<T>, node: u32, read: &mut [bool]) {
    let recorded = &program.nodes[node as usize];
    let Action::Plastic(op) = recorded.action else {
        return;
    };
    let wants = |i: usize| program.nodes[program.input(node, i).index()].active;
    match op {
        PlasticOp::Matvec { slot } | PlasticOp::MatvecT { slot, .. } if wants(0) => {
            read[slot as usize] = true;
        }
        PlasticOp::Update { slot, scaled: true } if wants(0) => read[slot as usize] = true,
        PlasticOp::Frobenius { a, b } => {
            read[a as usize] = true;
            read[b as usize] = true;
        }
        // Taking the addition back reads the other matrix.
        PlasticOp::AddScaled { slot, from } => {
            read[slot as usize] = true;
            read[from as usize] = true;
        }
        _ => {}
    }
}

/// Whether an operation changes a matrix, so that a sweep cannot pass it by.
pub(crate) fn changes_matrix(op: PlasticOp) -> bool {
    matches!(
        op,
        PlasticOp::Update { .. } | PlasticOp::AddScaled { .. } | PlasticOp::Fork { .. }
    )
}
