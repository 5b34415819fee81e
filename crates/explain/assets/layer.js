// One layer through time: W from its first value and the vectors of every update, and
// its adjoint Λ from the last one and what each step adds to it on the way back.

const acting = (l) => terms.map((_, r) => r).filter((r) => episode.acts[l - 1][r]);

/** A number that is the same at every step, or one a step. */
const atStep = (x, t) => (typeof x === "number" ? x : x[t]);

class Layer {
  constructor(l) {
    this.l = l;
    this.rows = sizes[l];
    this.columns = sizes[l - 1];
    this.first = vectors[`W${l}`].all;
    this.terms = acting(l);
    this.products = episode.products[l - 1];
    this.decays = episode.decays[l - 1];
    this.needsV = this.terms.some((r) => this.products[r].some((p) => p.pre === "W'y"));
    this.w = Float64Array.from(this.first);
    this.time = 0;
    this.v = [];
    // v = Wᵀy is met on the way forward, and kept for the way back.
    for (let t = 0; t < steps && this.needsV; t++) this.forward();
    this.lambda = null;
  }

  /** What W is multiplied by in step t. */
  keep(t) {
    return 1 + this.terms.reduce((s, r) => s + episode.theta[r] * atStep(this.decays[r], t), 0);
  }

  /** W just before step t. */
  at(t) {
    while (this.time < t) this.forward();
    while (this.time > t) this.backward();
    return this.w;
  }

  forward() {
    const t = this.time;
    if (this.needsV && this.v.length === t) this.v.push(this.back(y(this.l, t)));
    const keep = this.keep(t);
    if (keep !== 1) for (let i = 0; i < this.w.length; i++) this.w[i] *= keep;
    for (const [a, b] of this.update(t)) addOuter(this.w, a, b, 1);
    this.time++;
  }

  backward() {
    const t = --this.time;
    for (const [a, b] of this.update(t)) addOuter(this.w, a, b, -1);
    const keep = this.keep(t);
    if (keep !== 1) for (let i = 0; i < this.w.length; i++) this.w[i] /= keep;
  }

  /** Wᵀ y. */
  back(post) {
    const v = new Float64Array(this.columns);
    for (let i = 0, k = 0; i < this.rows; i++) {
      for (let j = 0; j < this.columns; j++, k++) v[j] += this.w[k] * post[i];
    }
    return v;
  }

  /** A vector of a product: something seen, ones, or one that was packed. */
  factor(name, t) {
    switch (name) {
      case "y": return y(this.l, t);
      case "e": return e(this.l, t);
      case "y-": return y(this.l - 1, t);
      case "e-": return e(this.l - 1, t);
      case "W'y": return this.v[t];
      case "1": return null;
      default: return vectors[`${name}@${this.l}`](t);
    }
  }

  /** θ_r · the number before a product of term r at step t. */
  weight(r, p, t) { return episode.theta[r] * atStep(this.products[r][p].scale, t); }

  /** The update of step t as few pairs (a over post, b over pre), decay left out. */
  update(t) {
    const groups = new Map();
    for (const r of this.terms) {
      this.products[r].forEach((product, p) => {
        if (!groups.has(product.post)) groups.set(product.post, new Float64Array(this.columns));
        const b = groups.get(product.post);
        const weight = this.weight(r, p, t);
        const pre = this.factor(product.pre, t);
        for (let j = 0; j < b.length; j++) b[j] += pre ? weight * pre[j] : weight;
      });
    }
    return [...groups].map(([post, b]) => [this.factor(post, t) ?? new Float64Array(this.rows).fill(1), b]);
  }

  /** The outer products that step t adds to Λ on the way back. */
  adjointTerms(t) {
    const l = this.l;
    const pairs = [[dz(l, t), y(l - 1, t)]];
    const more = (name, pair) => {
      const derivative = vectors[`${name}${l}`];
      if (derivative) pairs.push(pair(derivative(t)));
    };
    more("dWy", (d) => [y(l, t), d]);
    more("dWe", (d) => [e(l, t), d]);
    more("dWe-", (d) => [d, e(l - 1, t)]);
    more("du", (d) => [e(l, t), d]);
    return pairs;
  }

  /** Λ = dL/dW just after step t. */
  adjoint(t) {
    if (!this.lambda) {
      this.lambda = new Float64Array(this.rows * this.columns);
      for (let q = 0; q < episode.queries; q++) {
        addOuter(this.lambda, vectors[`qdz${this.l}`](q), vectors[`qy${this.l - 1}`](q), 1);
      }
      this.after = steps - 1;
    }
    const scale = (s) => { if (s !== 1) for (let i = 0; i < this.lambda.length; i++) this.lambda[i] *= s; };
    while (this.after > t) {
      scale(this.keep(this.after));
      for (const [a, b] of this.adjointTerms(this.after)) addOuter(this.lambda, a, b, 1);
      this.after--;
    }
    while (this.after < t) {
      this.after++;
      for (const [a, b] of this.adjointTerms(this.after)) addOuter(this.lambda, a, b, -1);
      scale(1 / this.keep(this.after));
    }
    return this.lambda;
  }

  /** ΔW of step t, in full. */
  change(t) {
    const change = new Float64Array(this.rows * this.columns);
    const keep = this.keep(t);
    if (keep !== 1) {
      const w = this.at(t);
      for (let i = 0; i < change.length; i++) change[i] = (keep - 1) * w[i];
    }
    for (const [a, b] of this.update(t)) addOuter(change, a, b, 1);
    return change;
  }

  /** Everything that ever happened to the synapse from unit j to unit i, from 0. */
  life(i, j) {
    const w = [this.first[i * this.columns + j]];
    const shares = terms.map(() => []);
    for (let t = 0; t < steps; t++) {
      let sum = 0;
      for (const r of this.terms) {
        let share = episode.theta[r] * atStep(this.decays[r], t) * w[t];
        this.products[r].forEach((product, p) => {
          const [post, pre] = [this.factor(product.post, t), this.factor(product.pre, t)];
          share += this.weight(r, p, t) * (post ? post[i] : 1) * (pre ? pre[j] : 1);
        });
        shares[r].push(share);
        sum += share;
      }
      w.push(w[t] + sum);
    }
    const adjoint = new Array(steps);
    let now = 0;
    for (let q = 0; q < episode.queries; q++) {
      now += vectors[`qdz${this.l}`](q)[i] * vectors[`qy${this.l - 1}`](q)[j];
    }
    for (let t = steps - 1; t >= 0; t--) {
      adjoint[t] = now;
      now *= this.keep(t);
      for (const [a, b] of this.adjointTerms(t)) now += a[i] * b[j];
    }
    return { w, shares, adjoint };
  }
}

function addOuter(m, a, b, sign) {
  const columns = b.length;
  for (let i = 0, k = 0; i < a.length; i++, k += columns) {
    const s = sign * a[i];
    if (s === 0) continue;
    for (let j = 0; j < columns; j++) m[k + j] += s * b[j];
  }
}

const layerCache = new Map();
function layer(l) {
  if (!layerCache.has(l)) layerCache.set(l, new Layer(l));
  return layerCache.get(l);
}
