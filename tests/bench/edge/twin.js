// A hit of GET /api/cargos/prices/ as one writes it by hand in JavaScript: the session's signature and end are checked,
// the record found by its key in a Map and judged by its age, the first rows taken, named by an ETag and answered with
// the Worker's headers and body, counted as the Worker counts it. No other route, no miss, no refresh: only what the Worker's hit is held against.
import list from "list.json";

const POLL_AFTER_MS = 10_000;
const records = new Map([["account/cargos/mode=all/0", list]]);
const counts = new Map();
const encoder = new TextEncoder();
let key;

/** The claims of a valid session token. */
async function session(authorization, env) {
  const token = authorization?.startsWith("Bearer ") ? authorization.slice(7) : "";
  const [header, payload, signature] = token.split(".");
  if (!signature) return null;
  key ??= await crypto.subtle.importKey(
    "raw", encoder.encode(env.SESSION_SECRET), { name: "HMAC", hash: "SHA-256" }, false, ["verify"],
  );
  const bytes = (text) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
  const signed = encoder.encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify("HMAC", key, bytes(signature), signed))) return null;
  const claims = JSON.parse(new TextDecoder().decode(bytes(payload)));
  return claims.exp * 1000 >= Date.now() ? claims : null;
}

/** 53 bits of a text (cyrb53). */
function hash(text) {
  let a = 0xdeadbeef, b = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16).padStart(16, "0");
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname !== "/api/cargos/prices/" || request.method !== "GET") return new Response(null, { status: 404 });
    if (!(await session(request.headers.get("authorization"), env))) return new Response(null, { status: 401 });
    const limit = Number(url.searchParams.get("limit") ?? 20);
    if (!(limit >= 1 && limit <= 100)) return new Response(null, { status: 422 });
    const record = records.get(`account/cargos/mode=${url.searchParams.get("mode") ?? "my"}/0`);
    if (!record) return new Response(null, { status: 503 });

    const freshMs = Number(env.PRICES_FRESH_MS);
    const ageMs = Date.now() - record.as_of;
    const stale = ageMs >= freshMs;
    const prices = JSON.stringify(record.cargos.slice(0, limit).map((cargo) => [cargo.id, cargo.price_kopecks]));
    const etag = `"${hash(`${record.total}${prices}`)}"`;
    for (const sample of ["answers", "reads", "forms", "answer_bucket", "answer_sum", "age_bucket", "age_sum"]) {
      counts.set(sample, (counts.get(sample) ?? 0) + 1);
    }
    const same = request.headers.get("if-none-match") === etag;
    const body = same ? null
      : `{"etag":${JSON.stringify(etag)},"as_of":${record.as_of},"age_ms":${ageMs},"stale":${stale},"coherent":true,` +
        `"total":${record.total},"poll_after_ms":${POLL_AFTER_MS},"prices":${prices}}`;
    return new Response(body, {
      status: same ? 304 : 200,
      headers: {
        "x-content-type-options": "nosniff",
        ...(same ? {} : { "content-type": "application/json" }),
        etag,
        "cache-control": "private, no-cache",
        "cache-status": `loadboard; hit; ttl=${Math.floor((freshMs - ageMs) / 1000)}; detail=memory`,
        age: String(Math.floor(ageMs / 1000)),
        "x-stale": stale ? "1" : "0",
        "x-poll-after-ms": String(POLL_AFTER_MS),
      },
    });
  },
};
