// The border between JavaScript and WebAssembly, crossed once to read a request and once to answer it:
// each crossing costs about as much as everything that a hit does inside.

// Header names and values hold no line breaks, so lines can carry them.
export function describe(request) {
  const headers = request.headers;
  return `${request.method}\n${request.url}\n${headers.get("authorization") ?? ""}\n${headers.get("if-none-match") ?? ""}`;
}

// `headers` holds a name, its value, another name and so on, each in a line. The body is copied out: wasm memory may move before it is sent.
export function respond(status, body, headers) {
  const init = { "x-content-type-options": "nosniff" };
  const lines = headers.split("\n");
  for (let i = 1; i < lines.length; i += 2) init[lines[i - 1]] = lines[i];
  return new Response(status === 204 || status === 304 ? null : body.slice(), { status, headers: init });
}

// Ends an object as the platform may at any moment. Not from within WebAssembly: whatever runs there ends with it, and what it
// had borrowed would stay so for every other request of the isolate.
export function endObject(state, afterMs) {
  setTimeout(() => state.abort("ended on request"), afterMs);
}
