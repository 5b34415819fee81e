// One layer through time: W from its first value and the vectors of every update, and
// its adjoint Λ from the last one and what each step adds to it on the way back.

const acting = (l) => terms.map((_, r) => r).filter((r) => episode.acts[l - 1][r]);

class Layer {
  constructor(l) {
    this.l = l;
    this.rows = sizes[l];
    this.columns = sizes[l - 1];
    this.first = vectors[`W${l}`].all;
    this.terms = acting(l);
    this.keep = 1 + this.terms.reduce((s, r) => s + episode.theta[r] * terms[r].decay, 0);
    this.needsV = this.terms.some((r) => terms[r].products.some((p) => p.pre.includes("v")));
    this.w = Float64Array.from(this.first);
    this.time = 0;
    this.v = [];
    // v = Wᵀy is met on the way forward, and kept for the way back.
    for (let t = 0; t < steps && this.needsV; t++) this.forward();
    this.lambda = null;
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
    if (this.keep !== 1) for (let i = 0; i < this.w.length; i++) this.w[i] *= this.keep;
    for (const [a, b] of this.update(t)) addOuter(this.w, a, b, 1);
    this.time++;
  }

  backward() {
    const t = --this.time;
    for (const [a, b] of this.update(t)) addOuter(this.w, a, b, -1);
    if (this.keep !== 1) for (let i = 0; i < this.w.length; i++) this.w[i] /= this.keep;
  }

  /** Wᵀ y. */
  back(post) {
    const v = new Float64Array(this.columns);
    for (let i = 0, k = 0; i < this.rows; i++) {
      for (let j = 0; j < this.columns; j++, k++) v[j] += this.w[k] * post[i];
    }
    return v;
  }

  postFactor(name, t) { return name === "e" ? e(this.l, t) : y(this.l, t); }

  preFactor(name, t) {
    if (name === "v") return this.v[t];
    return name === "e-" ? e(this.l - 1, t) : y(this.l - 1, t);
  }

  /** θ_r · coefficient · Π scalars of a product of term r at step t. */
  weight(r, p, t) {
    const product = terms[r].products[p];
    const scalars = product.scalars.reduce((s, name) => s * episode.scalars[name][t][this.l - 1], 1);
    return episode.theta[r] * product.coefficient * scalars;
  }

  /** The update of step t as few pairs (a over post, b over pre), decay left out. */
  update(t) {
    const groups = new Map();
    for (const r of this.terms) {
      terms[r].products.forEach((product, p) => {
        const key = product.post.join();
        if (!groups.has(key)) groups.set(key, [product.post, new Float64Array(this.columns)]);
        const b = groups.get(key)[1];
        const weight = this.weight(r, p, t);
        const factors = product.pre.map((name) => this.preFactor(name, t));
        for (let j = 0; j < b.length; j++) {
          let x = weight;
          for (const factor of factors) x *= factor[j];
          b[j] += x;
        }
      });
    }
    return [...groups.values()].map(([post, b]) => {
      const factors = post.map((name) => this.postFactor(name, t));
      const a = Float64Array.from({ length: this.rows }, (_, i) => factors.reduce((x, f) => x * f[i], 1));
      return [a, b];
    });
  }

  /** The outer products that step t adds to Λ on the way back. */
  adjointTerms(t) {
    const l = this.l;
    const pairs = [[dz(l, t), y(l - 1, t)]];
    if (vectors[`dv${l}`]) pairs.push([y(l, t), vectors[`dv${l}`](t)]);
    if (vectors[`du${l}`]) pairs.push([e(l, t), vectors[`du${l}`](t)]);
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
      scale(this.keep);
      for (const [a, b] of this.adjointTerms(this.after)) addOuter(this.lambda, a, b, 1);
      this.after--;
    }
    while (this.after < t) {
      this.after++;
      for (const [a, b] of this.adjointTerms(this.after)) addOuter(this.lambda, a, b, -1);
      scale(1 / this.keep);
    }
    return this.lambda;
  }

  /** ΔW of step t, in full. */
  change(t) {
    const change = new Float64Array(this.rows * this.columns);
    if (this.keep !== 1) {
      const w = this.at(t);
      for (let i = 0; i < change.length; i++) change[i] = (this.keep - 1) * w[i];
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
        let share = episode.theta[r] * terms[r].decay * w[t];
        terms[r].products.forEach((product, p) => {
          let x = this.weight(r, p, t);
          for (const name of product.post) x *= this.postFactor(name, t)[i];
          for (const name of product.pre) x *= this.preFactor(name, t)[j];
          share += x;
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
      now *= this.keep;
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
