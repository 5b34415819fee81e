//! Rules compiled to one update of low rank a layer.
//!
//! θ-weighted sums of scalar · post ⊗ pre are grouped by their post-synaptic factor:
//! ΔW = Σ_g a_g ⊗ (Σ_k c_k b_k), with scalar coefficients c_k and vectors b_k over
//! pre-synaptic units. The paper's whole pool is of rank 3 (PAPER, "Plasticity rule").

use autodiff::{Outer, Plastic, Real, Tape, Var};

use crate::{Network, Post, Pre, Rule, Scalar, Trace};

/// θ_r · coefficient · Π scalars.
#[derive(Clone, Debug)]
struct Weight {
    /// Index of coefficient·θ_r among the signed coefficients.
    signed: usize,
    scalars: Vec<Scalar>,
}

/// (Σ weights) · Π pre.
#[derive(Clone, Debug)]
struct Row {
    pre: Vec<Pre>,
    weights: Vec<Weight>,
}

/// Π post ⊗ Σ rows.
#[derive(Clone, Debug)]
struct Group {
    post: Vec<Post>,
    rows: Vec<Row>,
}

/// The update of one layer.
#[derive(Clone, Debug, Default)]
struct LayerPlan {
    groups: Vec<Group>,
    /// Indices among the signed coefficients of the factors of W.
    decay: Vec<usize>,
    needs_pre_error: bool,
    needs_back_activity: bool,
}

/// A rule made ready for a network.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    layers: Vec<LayerPlan>,
    /// The distinct coefficient·θ_r: (r, coefficient).
    signed: Vec<(usize, f64)>,
    terms: usize,
    /// Per layer, the values of a step that several products use.
    room: Room,
}

#[derive(Clone, Debug, Default)]
struct Room {
    theta: Vec<Var>,
    one: Option<Var>,
    ones: Vec<Option<Var>>,
    scales: Vec<Option<Var>>,
    back_activity: Vec<Option<Var>>,
    scalars: [Option<Var>; 3],
    weights: Vec<(Var, Var)>,
    outers: Vec<Outer>,
}

impl CompiledRule {
    /// Compiles `rule` for `network`.
    ///
    /// # Errors
    /// If the rule lists terms for another number of layers; the message says so.
    pub fn new(rule: &Rule, network: &Network) -> Result<Self, String> {
        let layers = network.layers();
        if let Some(lists) = &rule.layers
            && lists.len() != layers
        {
            return Err(format!(
                "rule '{}' lists terms for {} layers, but the network has {layers}",
                rule.name,
                lists.len()
            ));
        }
        let mut signed = Vec::new();
        let plans = (0..layers)
            .map(|l| plan(rule, &rule.on_layer(l), &mut signed))
            .collect();
        Ok(CompiledRule {
            layers: plans,
            signed,
            terms: rule.terms.len(),
            room: Room::default(),
        })
    }

    /// The lowest layer whose error the rule needs: 0 if a term of the first layer uses
    /// the error e_0 of the pixels, else 1.
    pub fn lowest_error(&self) -> usize {
        usize::from(!self.layers[0].needs_pre_error)
    }

    /// v = Wᵀy of each layer at the last update, as far as the rule needs it (PAPER,
    /// "Plasticity rule"). Its derivative is what an update contributes to that of W
    /// through v.
    pub fn back_activity(&self) -> &[Option<Var>] {
        &self.room.back_activity
    }

    /// Sets the coefficients `theta` of the updates to come, one scalar for each term.
    /// An episode begins once, or before each step if every step is to have
    /// coefficients of its own.
    ///
    /// # Panics
    /// If `theta` has another length than the rule has terms.
    pub fn begin<T: Real>(&mut self, tape: &mut Tape<T>, theta: &[Var]) {
        assert!(
            theta.len() == self.terms,
            "a rule of {} terms needs as many coefficients, got {}",
            self.terms,
            theta.len()
        );
        let room = &mut self.room;
        room.theta.clear();
        for (r, coefficient) in &self.signed {
            room.theta.push(tape.affine(theta[*r], *coefficient, 0.0));
        }
        let one = tape.constant_scalar(T::ONE);
        room.one = Some(one);
        room.ones.clear();
        room.ones.resize(self.layers.len(), None);
        room.scales.clear();
        for plan in &self.layers {
            let mut scale = (!plan.decay.is_empty()).then_some(one);
            for index in &plan.decay {
                scale = scale.map(|s| tape.add(s, room.theta[*index]));
            }
            room.scales.push(scale);
        }
    }

    /// W_l ← W_l + Σ_r θ_r F^r for all layers (PAPER Eq. 5), after a forward pass of
    /// one image and its errors down to [`CompiledRule::lowest_error`].
    ///
    /// # Panics
    /// If no episode was begun, or `trace` lacks an error that is needed.
    pub fn update<T: Real>(&mut self, tape: &mut Tape<T>, w: &mut [Plastic], trace: &Trace) {
        // What is read from W is read before any of it changes.
        let room = &mut self.room;
        room.back_activity.clear();
        for (l, plan) in self.layers.iter().enumerate() {
            let v = plan
                .needs_back_activity
                .then(|| tape.matvec_t(&w[l], trace.y[l + 1]));
            room.back_activity.push(v);
        }
        for (l, plan) in self.layers.iter().enumerate() {
            plan.apply(tape, l, w, trace, room);
        }
    }
}

fn plan(rule: &Rule, terms: &[usize], signed: &mut Vec<(usize, f64)>) -> LayerPlan {
    let mut plan = LayerPlan::default();
    let mut signed_index = |r: usize, coefficient: f64| {
        signed
            .iter()
            .position(|s| *s == (r, coefficient))
            .unwrap_or_else(|| {
                signed.push((r, coefficient));
                signed.len() - 1
            })
    };
    for &r in terms {
        let term = &rule.terms[r];
        plan.needs_pre_error |= term.needs_pre_error();
        plan.needs_back_activity |= term.needs_back_activity();
        if term.decay != 0.0 {
            plan.decay.push(signed_index(r, term.decay));
        }
        for product in &term.products {
            let weight = Weight {
                signed: signed_index(r, product.coefficient),
                scalars: product.scalars.clone(),
            };
            let (mut post, mut pre) = (product.post.clone(), product.pre.clone());
            post.sort_unstable();
            pre.sort_unstable();
            let group = position_or_push(
                &mut plan.groups,
                |group| group.post == post,
                || Group {
                    post: post.clone(),
                    rows: Vec::new(),
                },
            );
            let row = position_or_push(
                &mut group.rows,
                |row| row.pre == pre,
                || Row {
                    pre: pre.clone(),
                    weights: Vec::new(),
                },
            );
            row.weights.push(weight);
        }
    }
    plan
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

/// What a layer's terms see of a step.
struct Seen {
    y_pre: Var,
    e_pre: Option<Var>,
    z: Var,
    y: Var,
    e: Var,
    v: Option<Var>,
}

impl Seen {
    fn e_pre(&self) -> Var {
        self.e_pre
            .expect("errors were fed back to the lowest layer that the rule needs")
    }

    fn v(&self) -> Var {
        self.v.expect("v was computed for the layers that need it")
    }

    fn scalar<T: Real>(&self, tape: &mut Tape<T>, which: Scalar) -> Var {
        match which {
            Scalar::SumPost => tape.sum(self.y),
            Scalar::BackActivityDotPreError => tape.dot(self.v(), self.e_pre()),
            Scalar::InputDotError => tape.dot(self.z, self.e),
        }
    }

    fn post(&self, which: Post) -> Var {
        match which {
            Post::Error => self.e,
            Post::Activity => self.y,
        }
    }

    fn pre(&self, which: Pre) -> Var {
        match which {
            Pre::Activity => self.y_pre,
            Pre::Error => self.e_pre(),
            Pre::BackActivity => self.v(),
        }
    }
}

impl LayerPlan {
    fn apply<T: Real>(
        &self,
        tape: &mut Tape<T>,
        l: usize,
        w: &mut [Plastic],
        trace: &Trace,
        room: &mut Room,
    ) {
        if self.groups.is_empty() && self.decay.is_empty() {
            return;
        }
        let seen = Seen {
            y_pre: trace.y[l],
            e_pre: trace.e[l],
            z: trace.z[l],
            y: trace.y[l + 1],
            e: trace.e[l + 1].expect("every layer's own error is fed back"),
            v: room.back_activity[l],
        };
        room.scalars = [None; 3];
        let mut outers = std::mem::take(&mut room.outers);
        outers.clear();
        for group in &self.groups {
            let post = match group.post.split_first() {
                Some((first, rest)) => rest.iter().fold(seen.post(*first), |product, next| {
                    tape.mul(product, seen.post(*next))
                }),
                None => room.ones(tape, l, seen.y),
            };
            for row in &group.rows {
                let weight = row.weight(tape, &seen, room);
                let pre = match row.pre.split_first() {
                    Some((first, rest)) => rest.iter().fold(seen.pre(*first), |product, next| {
                        tape.mul(product, seen.pre(*next))
                    }),
                    None => {
                        let one = room.one.expect("an episode was begun");
                        let shape = tape.shape_of(seen.y_pre);
                        tape.fill(one, shape)
                    }
                };
                outers.push(Outer::scaled(weight, post, pre));
            }
        }
        tape.update(&mut w[l], room.scales[l], &outers);
        room.outers = outers;
    }
}

impl Room {
    /// A vector of ones over the post-synaptic units of layer `l`.
    fn ones<T: Real>(&mut self, tape: &mut Tape<T>, l: usize, like: Var) -> Var {
        let one = self.one.expect("an episode was begun");
        *self.ones[l].get_or_insert_with(|| {
            let shape = tape.shape_of(like);
            tape.fill(one, shape)
        })
    }

    fn scalar<T: Real>(&mut self, tape: &mut Tape<T>, seen: &Seen, which: Scalar) -> Var {
        *self.scalars[which as usize].get_or_insert_with(|| seen.scalar(tape, which))
    }
}

impl Row {
    /// Σ θ_r · coefficient · Π scalars over the weights.
    fn weight<T: Real>(&self, tape: &mut Tape<T>, seen: &Seen, room: &mut Room) -> Var {
        let alone = |weight: &Weight| weight.scalars.is_empty();
        if let [only] = self.weights.as_slice()
            && alone(only)
        {
            return room.theta[only.signed];
        }
        let mut weights = std::mem::take(&mut room.weights);
        weights.clear();
        for weight in &self.weights {
            let factor = match weight.scalars.split_first() {
                Some((first, rest)) => {
                    let first = room.scalar(tape, seen, *first);
                    rest.iter().fold(first, |product, next| {
                        let next = room.scalar(tape, seen, *next);
                        tape.mul(product, next)
                    })
                }
                None => room.one.expect("an episode was begun"),
            };
            weights.push((room.theta[weight.signed], factor));
        }
        let total = tape.combine(&weights);
        room.weights = weights;
        total
    }
}
