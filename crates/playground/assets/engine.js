// The engine, which runs in a worker.

const engine = (() => {
  const text = byId("engine").textContent.trim();
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const source = new Blob([byId("worker").textContent], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(source));
  const waiting = new Map();
  let next = 0;
  worker.onmessage = ({ data: { id, reply, took } }) => {
    const { done, trouble } = waiting.get(id);
    waiting.delete(id);
    engine.took = took;
    if (reply.trouble) trouble(reply.trouble);
    else done(reply.done);
  };
  worker.postMessage({ packed });
  return {
    /** Milliseconds that the last answer took. */
    took: 0,
    /** Answers a request of `desk.rs`; rejects with {at, line, message}. */
    ask(request) {
      return new Promise((done, trouble) => {
        waiting.set(next, { done, trouble });
        worker.postMessage({ id: next++, request });
      });
    },
  };
})();
