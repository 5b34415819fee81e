// Puts requests to a compiled module, one a line, and prints its answers:
// node module.mjs MODULE.wasm.gz REQUESTS

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const [modulePath, requestsPath] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(gunzipSync(readFileSync(modulePath)));
const { memory, place, respond, reply } = instance.exports;

for (const request of readFileSync(requestsPath, "utf8").split("\n")) {
  const bytes = new TextEncoder().encode(request);
  const at = place(bytes.length);
  new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
  const length = respond();
  console.log(new TextDecoder().decode(new Uint8Array(memory.buffer, reply(), length)));
}
