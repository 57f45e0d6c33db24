// The network, as a test plays it.

const real = globalThis.fetch;

/** `answer(url, headers, body)` returns what becomes of a request; `gave_up()` hears of each that is aborted. */
export function install(answer, gave_up) {
  globalThis.fetch = (url, init = {}) =>
    new Promise((resolve, reject) => {
      // As in the browser's own: what has been answered can't be given up.
      let is_answered = false;
      init.signal?.addEventListener("abort", () => {
        if (is_answered) return;
        gave_up();
        reject(new DOMException("given up", "AbortError"));
      });
      const reply = answer(url, JSON.stringify(init.headers ?? {}), init.body ?? "");
      is_answered = !reply.hangs;
      if (reply.fails) reject(new TypeError("no network"));
      else if (!reply.hangs) {
        const bodiless = reply.status === 304;
        resolve(new Response(bodiless ? null : reply.body, { status: reply.status, headers: reply.headers }));
      }
    });
}

export function uninstall() {
  globalThis.fetch = real;
}
