// The border between JavaScript and WebAssembly, crossed once to read a request and once to answer it:
// each crossing costs about as much as everything that a hit does inside.

// Header names and values hold no line breaks, so lines can carry them.
export function describe(request) {
  const headers = request.headers;
  const of = (name) => headers.get(name) ?? "";
  // Nearly everybody takes anything.
  const accept = of("accept");
  const html = accept.includes("text/html") ? accept : "";
  return [request.method, request.url, of("authorization"), of("if-none-match"), of("hx-request"), html, of("origin")].join("\n");
}

// What is answered is data: should a browser ever show it as a page, nothing in it runs, loads anything, or is framed.
const SAFETY = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
};

// `headers` holds a name, its value, another name and so on, each in a line. The body is copied out: wasm memory may move before it is sent.
export function respond(status, body, headers) {
  const init = { ...SAFETY };
  const lines = headers.split("\n");
  for (let i = 1; i < lines.length; i += 2) init[lines[i - 1]] = lines[i];
  return new Response(status === 204 || status === 304 ? null : body.slice(), { status, headers: init });
}

// Ends an object as the platform may at any moment. Not from within WebAssembly: whatever runs there ends with it, and what it
// had borrowed would stay so for every other request of the isolate.
export function endObject(state, afterMs) {
  setTimeout(() => state.abort("ended on request"), afterMs);
}

// A body as text, behind a plus; or, behind a minus, why not: it is of more bytes than these, takes longer, breaks off, or is
// no text. What is not wanted is not read.
export async function readText(request, most, withinMs) {
  if (!request.body) return "+";
  if (Number(request.headers.get("content-length") ?? 0) > most) return "-too_large";
  const reader = request.body.getReader();
  let timer;
  const tooLong = new Promise((done) => (timer = setTimeout(done, withinMs, "-too_slow")));
  const whole = async () => {
    const text = new TextDecoder("utf-8", { fatal: true });
    let [read, bytes] = ["+", 0];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return read + text.decode();
      bytes += value.byteLength;
      if (bytes > most) return "-too_large";
      read += text.decode(value, { stream: true });
    }
  };
  try {
    const read = await Promise.race([whole(), tooLong]);
    if (read.startsWith("-")) reader.cancel().catch(() => {});
    return read;
  } catch {
    return "-unreadable";
  } finally {
    clearTimeout(timer);
  }
}
