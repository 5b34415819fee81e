// Runs the engine beside the page, so that the page never waits for it. Messages are
// {packed}, the compressed module, and {id, request}; each request gets {id, reply, took}.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let module;
let engine;

async function compile(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  module = await WebAssembly.compile(await new Response(stream).arrayBuffer());
  engine = (await WebAssembly.instantiate(module)).exports;
}

function answer(request) {
  const bytes = encoder.encode(JSON.stringify(request));
  const at = engine.place(bytes.length);
  new Uint8Array(engine.memory.buffer, at, bytes.length).set(bytes);
  const length = engine.respond();
  return JSON.parse(decoder.decode(new Uint8Array(engine.memory.buffer, engine.reply(), length)));
}

async function serve({ id, request, packed }) {
  if (packed) return compile(packed);
  const began = performance.now();
  let reply;
  try {
    reply = answer(request);
  } catch (error) {
    // What has failed cannot be used again; a new one knows nothing of what was set up.
    engine = (await WebAssembly.instantiate(module)).exports;
    reply = { trouble: { at: "request", line: null, message: `the engine failed (${error.message}); set something else up` } };
  }
  postMessage({ id, reply, took: performance.now() - began });
}

let last = Promise.resolve();
onmessage = ({ data }) => { last = last.then(() => serve(data)); };
