// The episode: numbers as JSON, vectors as packed arrays.

const episode = JSON.parse(document.getElementById("episode").textContent);
const { sizes, steps, terms } = episode;
const layers = sizes.length - 1;

/** Undoes the packing: base 85, deflate, bytes of equal weight side by side. */
async function unpack(text) {
  const digits = new Uint8Array(128);
  [...episode.vectors.alphabet].forEach((c, i) => { digits[c.charCodeAt(0)] = i; });
  const packed = new Uint8Array((text.length / 5) * 4);
  for (let i = 0, o = 0; i < text.length; i += 5, o += 4) {
    let value = 0;
    for (let k = 0; k < 5; k++) value = value * 85 + digits[text.charCodeAt(i + k)];
    packed[o] = value >>> 24;
    packed[o + 1] = value >>> 16;
    packed[o + 2] = value >>> 8;
    packed[o + 3] = value;
  }
  const bytes = packed.subarray(0, episode.vectors.bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The named arrays: rows of 32-bit floats, or of pixels in 1/255. */
function arrays(bytes) {
  const found = {};
  let start = 0;
  for (const { name, rows, columns, pixels } of episode.vectors.arrays) {
    const count = rows * columns;
    let numbers;
    if (pixels) {
      numbers = Float64Array.from(bytes.subarray(start, start + count), (p) => p / 255);
      start += count;
    } else {
      const plain = new Uint8Array(count * 4);
      for (let b = 0; b < 4; b++) {
        const plane = bytes.subarray(start + b * count, start + (b + 1) * count);
        for (let i = 0; i < count; i++) plain[i * 4 + b] = plane[i];
      }
      numbers = new Float32Array(plain.buffer);
      start += count * 4;
    }
    found[name] = (row) => numbers.subarray(row * columns, (row + 1) * columns);
    found[name].all = numbers;
  }
  return found;
}

const vectors = arrays(await unpack(document.getElementById("vectors").textContent.trim()));

// y(l, t) and e(l, t) count layers from 0; W, v, dz and the like belong to l = 1..L.
const y = (l, t) => vectors[`y${l}`](t);
const e = (l, t) => vectors[`e${l}`]?.(t);
const dz = (l, t) => vectors[`dz${l}`](t);

const norm = (x) => Math.sqrt(x.reduce((s, v) => s + v * v, 0));
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const termColor = (r) => `var(--t${r % 10})`;
