//! Rules compiled to one update of low rank a layer.
//!
//! θ-weighted sums of numbers · post ⊗ pre are grouped by their post-synaptic factor:
//! ΔM = Σ_g a_g ⊗ (Σ_k c_k b_k), with scalar coefficients c_k and vectors b_k over
//! pre-synaptic units. The paper's whole pool is of rank 3 (PAPER, "Plasticity rule").

use std::rc::Rc;

use autodiff::{Outer, Plastic, Real, Tape, Var};

use crate::language::{Factor, Monomial, Name, Poly, Side};
use crate::nodes::{Id, Memory, Nodes};
use crate::plain::{ProductValue, TermValue, VectorValue};
use crate::sight::{Kept, Sight, Taped, Wire, read};
use crate::{Term, Trace};

/// θ_r · coefficient · Π numbers.
#[derive(Clone, Debug)]
struct Weight {
    /// Index of coefficient·θ_r among the signed coefficients.
    signed: usize,
    numbers: Vec<Id>,
}

/// (Σ weights) · pre.
#[derive(Clone, Debug)]
struct Row {
    pre: Id,
    weights: Vec<Weight>,
}

/// post ⊗ Σ rows.
#[derive(Clone, Debug)]
struct Group {
    post: Id,
    rows: Vec<Row>,
}

/// One product of a term: parameter, coefficient, numbers, post, pre.
#[derive(Clone, Debug)]
struct Piece {
    parameter: usize,
    coefficient: f64,
    numbers: Vec<Id>,
    /// Post and pre; none of decay.
    outer: Option<(Id, Id)>,
}

/// The update of one layer.
#[derive(Clone, Debug, Default)]
struct LayerPlan {
    groups: Vec<Group>,
    /// The factors of the matrix itself that are the same at every step.
    steady: Vec<usize>,
    /// Those that are not.
    varying: Vec<Weight>,
    /// The same, term by term, for looking at.
    pieces: Vec<Piece>,
    /// Products with the matrix that are needed.
    reads: Vec<Name>,
    /// All that is needed of a step.
    sees: Vec<Name>,
}

/// A list of terms made ready for the matrices that they change, W or B.
#[derive(Clone, Debug)]
pub(crate) struct CompiledRule {
    wires: Vec<Wire>,
    layers: Vec<LayerPlan>,
    nodes: Nodes,
    /// The distinct coefficient·θ_r: (r, coefficient).
    signed: Vec<(usize, f64)>,
    room: Room,
}

/// What is kept between steps, so that they do not allocate.
#[derive(Clone, Debug, Default)]
struct Room {
    /// coefficient·θ_r.
    signed: Vec<Var>,
    /// By layer, the factor of the matrix as far as it is the same at every step.
    scales: Vec<Option<Var>>,
    reads: Vec<Vec<(Name, Var)>>,
    memory: Memory<Var>,
    weights: Vec<(Var, Var)>,
    outers: Vec<Outer>,
}

/// Terms, and on which layers they act.
pub(crate) struct Acting<'a> {
    pub(crate) terms: &'a [Term],
    /// The indices of the terms that act on each layer.
    pub(crate) layers: Vec<Vec<usize>>,
    /// Groups of units in a layer.
    pub(crate) groups: usize,
    /// The names of the learned constants.
    pub(crate) constants: Vec<String>,
}

impl CompiledRule {
    /// For the matrices along `wires`.
    pub(crate) fn new(acting: &Acting<'_>, wires: Vec<Wire>) -> Self {
        let mut rule = CompiledRule {
            wires,
            layers: Vec::new(),
            nodes: Nodes::new(acting.constants.clone()),
            signed: Vec::new(),
            room: Room::default(),
        };
        for list in &acting.layers {
            let plan = rule.plan(acting, list);
            rule.layers.push(plan);
        }
        rule.room.reads = vec![Vec::new(); rule.layers.len()];
        rule
    }

    /// Where the matrices stand.
    pub(crate) fn wires(&self) -> &[Wire] {
        &self.wires
    }

    /// How many traces each wire has.
    pub(crate) fn traces(&self) -> usize {
        self.nodes.traces()
    }

    /// Whether the terms of a layer need something of a step.
    pub(crate) fn sees(&self, layer: usize, name: Name) -> bool {
        self.layers[layer].sees.contains(&name)
    }

    /// Whether any layer's terms do.
    pub(crate) fn sees_anywhere(&self, name: Name) -> bool {
        (0..self.layers.len()).any(|layer| self.sees(layer, name))
    }

    /// The products with a layer's matrix at the last update, as far as they were needed.
    pub(crate) fn reads(&self, layer: usize) -> &[(Name, Var)] {
        &self.room.reads[layer]
    }

    fn plan(&mut self, acting: &Acting<'_>, list: &[usize]) -> LayerPlan {
        let mut plan = LayerPlan::default();
        for name in Name::all() {
            if list.iter().any(|r| acting.terms[*r].sees(name)) {
                plan.sees.push(name);
                if name.reads_matrix() {
                    plan.reads.push(name);
                }
            }
        }
        // Products with the pre-synaptic error need it.
        if plan.sees.contains(&Name::ForwardError) && !plan.sees.contains(&Name::PreError) {
            plan.sees.push(Name::PreError);
        }
        let single = single_posts(acting, list);
        for &r in list {
            for piece in self.pieces(acting, r, &single) {
                self.place(&mut plan, &piece);
                plan.pieces.push(piece);
            }
        }
        plan
    }

    /// A term as products, one for each pair of groups that has a coefficient.
    fn pieces(&mut self, acting: &Acting<'_>, r: usize, single: &[Vec<Factor>]) -> Vec<Piece> {
        let groups = acting.groups;
        let mut pieces = Vec::new();
        let normal = acting.terms[r].normal();
        for (post, pre) in &normal.products {
            for (coefficient, numbers, post) in self.posts(post, single) {
                for m in &pre.monomials {
                    let pre = self.nodes.vector(Side::Pre, &m.vector);
                    let factors = numbers.iter().chain(&m.numbers);
                    let numbers: Vec<Id> = factors.map(|f| self.nodes.factor(f)).collect();
                    for pair in 0..groups * groups {
                        let outer = if groups == 1 {
                            (post, pre)
                        } else {
                            (
                                self.nodes.of_group(Side::Post, pair / groups, post),
                                self.nodes.of_group(Side::Pre, pair % groups, pre),
                            )
                        };
                        pieces.push(Piece {
                            parameter: r * groups * groups + pair,
                            coefficient: coefficient * m.coefficient,
                            numbers: numbers.clone(),
                            outer: Some(outer),
                        });
                    }
                }
            }
        }
        for decay in &normal.decay {
            pieces.push(Piece {
                parameter: r * groups * groups,
                coefficient: decay.coefficient,
                numbers: decay.numbers.iter().map(|f| self.nodes.factor(f)).collect(),
                outer: None,
            });
        }
        pieces
    }

    /// A post-synaptic side as coefficients, numbers and vectors. A sum of several
    /// vectors is multiplied out if that costs no rank, because other products have
    /// those vectors anyway, and else kept as one vector.
    fn posts<'p>(
        &mut self,
        post: &'p Poly,
        single: &[Vec<Factor>],
    ) -> Vec<(f64, &'p [Factor], Id)> {
        if is_single(post) || post.monomials.iter().all(|m| single.contains(&m.vector)) {
            let split = post.monomials.iter().map(|m| {
                let vector = self.nodes.vector(Side::Post, &m.vector);
                (m.coefficient, m.numbers.as_slice(), vector)
            });
            return split.collect();
        }
        vec![(1.0, &[], self.nodes.poly(post))]
    }

    fn place(&mut self, plan: &mut LayerPlan, piece: &Piece) {
        let wanted = (piece.parameter, piece.coefficient);
        let known = self.signed.iter().position(|s| *s == wanted);
        let signed = known.unwrap_or_else(|| {
            self.signed.push(wanted);
            self.signed.len() - 1
        });
        let weight = Weight {
            signed,
            numbers: piece.numbers.clone(),
        };
        let Some((post, pre)) = piece.outer else {
            if weight.numbers.is_empty() {
                plan.steady.push(signed);
            } else {
                plan.varying.push(weight);
            }
            return;
        };
        let group = position_or_push(
            &mut plan.groups,
            |group| group.post == post,
            || Group {
                post,
                rows: Vec::new(),
            },
        );
        let row = position_or_push(
            &mut group.rows,
            |row| row.pre == pre,
            || Row {
                pre,
                weights: Vec::new(),
            },
        );
        row.weights.push(weight);
    }

    /// Sets the coefficients of the updates to come, one for each term and pair of groups.
    pub(crate) fn begin<T: Real>(&mut self, tape: &mut Tape<T>, theta: &[Var]) {
        let room = &mut self.room;
        room.signed.clear();
        for (r, coefficient) in &self.signed {
            room.signed.push(tape.affine(theta[*r], *coefficient, 0.0));
        }
    }

    /// The factors of the matrices that are the same at every step.
    pub(crate) fn begin_scales<T: Real>(&mut self, tape: &mut Tape<T>, one: Var) {
        let room = &mut self.room;
        room.scales.clear();
        for plan in &self.layers {
            let scaled = !(plan.steady.is_empty() && plan.varying.is_empty());
            let mut scale = scaled.then_some(one);
            for index in &plan.steady {
                scale = scale.map(|s| tape.add(s, room.signed[*index]));
            }
            room.scales.push(scale);
        }
    }

    /// Takes the products with the matrices that the terms need, before any of them
    /// changes.
    pub(crate) fn look<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        matrices: &[Plastic],
        trace: &Trace,
    ) {
        let wires = self.layers.iter().zip(matrices).zip(&self.wires);
        for (((plan, matrix), wire), reads) in wires.zip(&mut self.room.reads) {
            reads.clear();
            for name in &plan.reads {
                reads.push((*name, read(tape, *name, matrix, (*wire, trace))));
            }
        }
    }

    /// M ← M + Σ_r θ_r F^r for all matrices (PAPER Eq. 5), after [`CompiledRule::look`].
    pub(crate) fn update<T: Real>(
        &mut self,
        tape: &mut Tape<T>,
        (matrices, trace): (&mut [Plastic], &Trace),
        kept: &mut Kept,
        traces: &mut [Vec<Option<Var>>],
    ) {
        let room = &mut self.room;
        let reads = std::mem::take(&mut room.reads);
        for (l, plan) in self.layers.iter().enumerate() {
            if plan.groups.is_empty() && room.scales[l].is_none() {
                continue;
            }
            room.memory.clear();
            room.memory.resize(self.nodes.len(), None);
            let mut sight = Taped {
                tape,
                wire: self.wires[l],
                trace,
                reads: &reads[l],
                kept,
                traces: &mut traces[l],
            };
            plan.apply(&self.nodes, &mut sight, room, (l, &mut matrices[l]));
        }
        room.reads = reads;
    }

    /// The terms of a layer in plain numbers, by parameter.
    pub(crate) fn evaluate<S: Sight<Value = Rc<[f64]>>>(
        &self,
        layer: usize,
        sight: &mut S,
    ) -> Vec<(usize, TermValue)> {
        let mut memory = vec![None; self.nodes.len()];
        let mut terms: Vec<(usize, TermValue)> = Vec::new();
        for piece in &self.layers[layer].pieces {
            let mut of = |id| self.nodes.value(sight, &mut memory, id);
            let numbers: f64 = piece.numbers.iter().map(|id| of(*id)[0]).product();
            let scale = numbers * piece.coefficient;
            let mut vector = |id| VectorValue {
                label: self.nodes.label(id),
                numbers: of(id),
            };
            let outer = piece.outer.map(|(post, pre)| (vector(post), vector(pre)));
            let (_, term) = position_or_push(
                &mut terms,
                |(parameter, _)| *parameter == piece.parameter,
                || (piece.parameter, TermValue::default()),
            );
            match outer {
                Some((post, pre)) => term.products.push(ProductValue { scale, post, pre }),
                None => term.decay += scale,
            }
        }
        terms
    }
}

/// Whether all monomials have the same vector.
fn is_single(poly: &Poly) -> bool {
    let vector = |m: &Monomial| m.vector.clone();
    let first = poly.monomials.first().map(vector);
    poly.monomials
        .iter()
        .all(|m| Some(&m.vector) == first.as_ref())
}

/// The post-synaptic vectors of products that have a single one.
fn single_posts(acting: &Acting<'_>, list: &[usize]) -> Vec<Vec<Factor>> {
    let products = list
        .iter()
        .flat_map(|r| &acting.terms[*r].normal().products);
    products
        .filter(|(post, _)| is_single(post))
        .filter_map(|(post, _)| post.monomials.first())
        .map(|m| m.vector.clone())
        .collect()
}

/// The first element that `fits`, made and appended if there is none.
fn position_or_push<X>(
    list: &mut Vec<X>,
    fits: impl Fn(&X) -> bool,
    make: impl FnOnce() -> X,
) -> &mut X {
    let index = list.iter().position(fits).unwrap_or_else(|| {
        list.push(make());
        list.len() - 1
    });
    &mut list[index]
}

impl LayerPlan {
    fn apply<T: Real>(
        &self,
        nodes: &Nodes,
        sight: &mut Taped<'_, T>,
        room: &mut Room,
        (l, matrix): (usize, &mut Plastic),
    ) {
        let mut outers = std::mem::take(&mut room.outers);
        outers.clear();
        for group in &self.groups {
            let post = nodes.value(sight, &mut room.memory, group.post);
            for row in &group.rows {
                let weight = row.weight(nodes, sight, room);
                let pre = nodes.value(sight, &mut room.memory, row.pre);
                outers.push(Outer::scaled(weight, post, pre));
            }
        }
        let mut scale = room.scales[l];
        for weight in &self.varying {
            let factor = weight.factor(nodes, sight, room);
            let share = sight.tape.mul(room.signed[weight.signed], factor);
            scale = scale.map(|scale| sight.tape.add(scale, share));
        }
        sight.tape.update(matrix, scale, &outers);
        room.outers = outers;
    }
}

impl Weight {
    /// Π numbers.
    fn factor<T: Real>(&self, nodes: &Nodes, sight: &mut Taped<'_, T>, room: &mut Room) -> Var {
        let Some((first, rest)) = self.numbers.split_first() else {
            return sight.number(1.0);
        };
        let mut product = nodes.value(sight, &mut room.memory, *first);
        for next in rest {
            let next = nodes.value(sight, &mut room.memory, *next);
            product = sight.tape.mul(product, next);
        }
        product
    }
}

impl Row {
    /// Σ θ_r · coefficient · Π numbers over the weights.
    fn weight<T: Real>(&self, nodes: &Nodes, sight: &mut Taped<'_, T>, room: &mut Room) -> Var {
        if let [only] = self.weights.as_slice()
            && only.numbers.is_empty()
        {
            return room.signed[only.signed];
        }
        let mut weights = std::mem::take(&mut room.weights);
        weights.clear();
        for weight in &self.weights {
            let factor = weight.factor(nodes, sight, room);
            weights.push((room.signed[weight.signed], factor));
        }
        let total = sight.tape.combine(&weights);
        room.weights = weights;
        total
    }
}
