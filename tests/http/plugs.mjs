// The Worker as it was built, with plugs that a test can pull: what lies between it and its stores may be made slow, or to fail,
// or to be of another version. `POST /api/plugs` with {"ORDER_BOARD": {"delay_ms": 500}} or {"RECORDS": {"fails": true}}, or
// {"fails_after": 3} calls that go well; {} puts all of them back in.
//
// | also | what |
// |---|---|
// | {"REFRESHER": {"sends": [["\"refresh\"", "\"refresh_all\""]], "answers": [["\"v\":", "\"v\":9"]]}} | texts are put in place of others |
// | {"DRIVER_REQUESTS": {"says": {"success": true}}} | this is what is answered, and nobody is asked |
// | {"REFRESHER": {"overloaded": true}} | the platform says that the object has too much to do |
// | {"REFRESHER": {"dies_after_ms": 100}} | the object ends so long after it was begun |
// | {"UPSTREAM": {"leads_to": "https://nobody.invalid"}} | calls to other servers go there |
// | {"panic": "at_once"}, {"panic": "later"} | the program breaks off in the request that follows, before or after its first wait, as by a panic: nothing is unwound |
//
// `POST /api/plugs/object` asks an object that breaks off, and tells in `X-Said` what it said.

import Worker, * as built from "../../edge/entry.mjs";

let pulled = {};

const passed = async (name, call) => {
  const plug = pulled[name] ?? {};
  const { delay_ms, fails, fails_after, overloaded } = plug;
  plug.calls = (plug.calls ?? 0) + 1;
  if (delay_ms) await new Promise((done) => setTimeout(done, delay_ms));
  if (plug.says) return plug.says;
  if (fails || plug.calls > fails_after) throw new Error(`${name} has been unplugged`);
  if (overloaded) throw Object.assign(new Error("Durable Object is overloaded. Too many requests queued."), { overloaded });
  return call();
};

const replaced = (text, pairs = []) => pairs.reduce((text, [old, other]) => text.replaceAll(old, other), text);

/** What an object says to a request, each in the words of the version that is played. */
const told = async (name, object, request) => {
  const { sends, answers } = pulled[name] ?? {};
  if (!sends && !answers) return object.fetch(request);
  const body = replaced(await request.text(), sends);
  const answer = await object.fetch(new Request(request.url, { method: request.method, body }));
  return new Response(replaced(await answer.text(), answers), { status: answer.status, headers: answer.headers });
};

/** What a store holds, the same way. */
const kept = (name, value) => (typeof value === "string" ? replaced(value, pulled[name]?.answers) : value);

/** `target`, of which these methods go through the plug `name`; the others are its own. */
const through = (name, target, methods) =>
  new Proxy(target, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (typeof value !== "function" || property === "constructor") return value;
      if (!methods.includes(property)) return (...given) => value.apply(target, given);
      if (property === "fetch") return (request) => passed(name, () => told(name, target, request));
      return async (...given) => kept(name, await passed(name, () => value.apply(target, given)));
    },
  });

const objects = (name, namespace) =>
  new Proxy(namespace, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (typeof value !== "function" || property === "constructor") return value;
      const gives = property === "get" || property === "getByName";
      return (...given) => (gives ? through(name, value.apply(target, given), ["fetch"]) : value.apply(target, given));
    },
  });

const plug = (name, binding) => {
  if (typeof binding !== "object" || binding === null) return binding;
  if ("limit" in binding) return through(name, binding, ["limit"]);
  if ("idFromName" in binding) return objects(name, binding);
  if ("getWithMetadata" in binding) return through(name, binding, ["get", "getWithMetadata", "put", "delete", "list"]);
  return binding;
};

const plugged = (env) => Object.fromEntries(Object.entries(env).map(([name, binding]) => [name, plug(name, binding)]));

let guards;

/** What an object says that breaks off while it answers, to somebody whom that does not end: to another isolate. */
const brokenOffObject = async () => {
  const guard = guards.getByName("breaks off");
  breakOff();
  try {
    const answer = await guard.fetch("http://guard/", { method: "POST", body: '"status"' });
    return await answer.text();
  } catch (error) {
    return String(error);
  }
};

export default class extends Worker {
  constructor(context, env) {
    super(context, plugged(env));
    guards = env.UPSTREAM_GUARD;
  }

  async fetch(request) {
    if (new URL(request.url).pathname === "/api/plugs") {
      pulled = await request.json();
      return new Response(null, { status: 204 });
    }
    if (new URL(request.url).pathname === "/api/plugs/object") {
      return new Response(null, { status: 204, headers: { "x-said": await brokenOffObject() } });
    }
    const { panic } = pulled;
    delete pulled.panic;
    if (panic === "at_once") breakOff();
    const answer = super.fetch(request);
    if (panic === "later") breakOff();
    return answer;
  }
}

/** The program's next look at the clock, which every request takes before and after each wait, ends it. */
const breakOff = () => {
  const { now } = Date;
  Date.now = () => {
    if (!new Error().stack.includes("wasm")) return now();
    Date.now = now;
    throw new WebAssembly.RuntimeError("unreachable");
  };
};

const { fetch } = globalThis;
globalThis.fetch = (request, init) => {
  const { leads_to } = pulled.UPSTREAM ?? {};
  if (!leads_to) return fetch(request, init);
  const { pathname, search } = new URL(request.url ?? request);
  return fetch(new Request(leads_to + pathname + search, request), init);
};

const withPlugs = (name, Built) =>
  class extends Built {
    constructor(state, env) {
      super(state, plugged(env));
      const { dies_after_ms } = pulled[name] ?? {};
      if (dies_after_ms) setTimeout(() => state.abort("unplugged"), dies_after_ms);
    }
  };

export const OrderBoard = withPlugs("ORDER_BOARD", built.OrderBoard);
export const PriceHistories = withPlugs("PRICE_HISTORY", built.PriceHistories);
export const Quotes = withPlugs("QUOTE", built.Quotes);
export const Refresher = withPlugs("REFRESHER", built.Refresher);
export const UpstreamGuard = withPlugs("UPSTREAM_GUARD", built.UpstreamGuard);
export const Metrics = withPlugs("METRICS", built.Metrics);
