// The Worker as it was built, with plugs that a test can pull: what lies between it and its stores may be made slow or to fail.
// `POST /api/plugs` with {"ORDER_BOARD": {"delay_ms": 500}} or {"RECORDS": {"fails": true}}, or {"fails_after": 3} calls that go
// well; {} puts all of them back in.

import Worker, * as built from "../../edge/build/index.js";

let pulled = {};

const passed = async (name, call) => {
  const plug = pulled[name] ?? {};
  const { delay_ms, fails, fails_after } = plug;
  plug.calls = (plug.calls ?? 0) + 1;
  if (delay_ms) await new Promise((done) => setTimeout(done, delay_ms));
  if (fails || plug.calls > fails_after) throw new Error(`${name} has been unplugged`);
  return call();
};

/** `target`, of which these methods go through the plug `name`; the others are its own. */
const through = (name, target, methods) =>
  new Proxy(target, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (typeof value !== "function" || property === "constructor") return value;
      return (...given) => {
        const call = () => value.apply(target, given);
        return methods.includes(property) ? passed(name, call) : call();
      };
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
  if ("idFromName" in binding) return objects(name, binding);
  if ("getWithMetadata" in binding) return through(name, binding, ["get", "getWithMetadata", "put", "delete", "list"]);
  return binding;
};

const plugged = (env) => Object.fromEntries(Object.entries(env).map(([name, binding]) => [name, plug(name, binding)]));

export default class extends Worker {
  constructor(context, env) {
    super(context, plugged(env));
  }

  async fetch(request) {
    if (new URL(request.url).pathname !== "/api/plugs") return super.fetch(request);
    pulled = await request.json();
    return new Response(null, { status: 204 });
  }
}

const withPlugs = (Built) =>
  class extends Built {
    constructor(state, env) {
      super(state, plugged(env));
    }
  };

export const OrderBoard = withPlugs(built.OrderBoard);
export const PriceHistories = withPlugs(built.PriceHistories);
export const Quotes = withPlugs(built.Quotes);
export const Refresher = withPlugs(built.Refresher);
export const UpstreamGuard = withPlugs(built.UpstreamGuard);
export const Metrics = withPlugs(built.Metrics);
