// What the tests play: time, network, phone, storage, Telegram. One file for all, because the server of wasm-bindgen's runner
// now and then never answers the fifth of the connections that a browser opens at once, and each file would be one.

// --- Time that a test moves by hand, in place of the page's timers and of performance.now().

const realTimers = {
  setTimeout: globalThis.setTimeout.bind(globalThis),
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
  setInterval: globalThis.setInterval.bind(globalThis),
  clearInterval: globalThis.clearInterval.bind(globalThis),
};

const realDate = Date.now;

let now = 0;
let last = 0;
let timers = new Map();

const add = (callback, ms, every) => {
  // Far from the numbers that the browser gives, so that no one clears a timer of the other kind.
  const id = 1_000_000_000 + (last += 1);
  timers.set(id, { due: now + Math.max(0, ms || 0), callback, every });
  return id;
};

export function stop_time() {
  now = 1_000;
  timers = new Map();
  globalThis.setTimeout = (callback, ms) => add(callback, ms, null);
  globalThis.setInterval = (callback, ms) => add(callback, ms, ms);
  globalThis.clearTimeout = (id) => { if (!timers.delete(id)) realTimers.clearTimeout(id); };
  globalThis.clearInterval = globalThis.clearTimeout;
  performance.now = () => now;
}

export function let_time_run() {
  Object.assign(globalThis, realTimers);
  delete performance.now;
  Date.now = realDate;
}

/** Sets the phone's date, which nothing else follows, so many days off. */
export function set_date(days) {
  Date.now = () => realDate() + days * 86_400_000;
}

// A turn of the page's loop by a message: the browser holds nested timers back for 4 ms each.
const turn = () =>
  new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });

/** Lets promises, effects and observers that are due run to their end. */
export async function settle() {
  for (let turns = 0; turns < 8; turns += 1) await turn();
}

/** Lets the browser paint, which is when it tells what came into view. */
export async function paint() {
  for (let frames = 0; frames < 3; frames += 1) await new Promise((done) => requestAnimationFrame(done));
  await settle();
}

/** Moves time, ringing each timer when its moment comes. */
export async function advance(ms) {
  const end = now + ms;
  await settle();
  for (;;) {
    const next = [...timers].filter(([, timer]) => timer.due <= end).sort((a, b) => a[1].due - b[1].due)[0];
    if (next === undefined) break;
    const [id, timer] = next;
    now = Math.max(now, timer.due);
    if (timer.every === null) timers.delete(id);
    else timer.due += timer.every;
    timer.callback();
    await settle();
  }
  now = end;
}

// --- The network.

const realFetch = globalThis.fetch;

/** `answer(url, headers, body)` returns what becomes of a request; `gave_up()` hears of each that is aborted. */
export function play_network(answer, gave_up) {
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

export function leave_network() {
  globalThis.fetch = realFetch;
}

// --- The phone: in the pocket or not, with or without a signal, with or without room.

export function set_hidden(hidden) {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") });
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}

export function set_online(online) {
  Object.defineProperty(navigator, "onLine", { configurable: true, get: () => online });
  window.dispatchEvent(new Event(online ? "online" : "offline"));
}

export function leave_phone() {
  delete document.visibilityState;
  delete document.hidden;
  delete navigator.onLine;
}

const realSetItem = Storage.prototype.setItem;

export function fill_storage() {
  Storage.prototype.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
}

export function make_room() {
  Storage.prototype.setItem = realSetItem;
}

// --- Telegram.

// One object for all tests, as in Telegram: the app may keep it.
const app = {};
const cloud = new Map();
let handlers, calls;

const numbered = (version) => version.split(".").map(Number).reduce((a, b) => a * 100 + b);

/** Telegram with nothing but a cloud, which is empty. */
export function join_cloud() {
  cloud.clear();
  const CloudStorage = {
    getItem: (name, told) => told(null, cloud.get(name) ?? ""),
    setItem: (name, value) => cloud.set(name, value),
  };
  window.Telegram = { WebApp: Object.assign(app, { isVersionAtLeast: () => true, CloudStorage }) };
}

export function in_cloud(name) {
  return cloud.get(name) ?? "";
}

/** Where Telegram's script will be. */
export function place_script() {
  const script = document.createElement("script");
  script.id = "telegram-web-app";
  script.type = "text/plain";
  document.head.append(script);
}

export function script_comes(version) {
  handlers = {};
  calls = [];
  const atLeast = (wanted) => numbered(version) >= numbered(wanted);
  const since = (wanted, name) => () => {
    if (!atLeast(wanted)) throw new Error("WebAppMethodUnsupported");
    calls.push(name);
  };
  window.Telegram = {
    WebApp: Object.assign(app, {
      colorScheme: "dark",
      isActive: atLeast("8.0") ? true : undefined,
      isVersionAtLeast: atLeast,
      ready: since("6.0", "ready"),
      expand: since("6.0", "expand"),
      setHeaderColor: since("6.1", "setHeaderColor"),
      onEvent: (name, handler) => (handlers[name] ??= []).push(handler),
      HapticFeedback: { impactOccurred: since("6.1", "impactOccurred") },
    }),
  };
  document.getElementById("telegram-web-app").dispatchEvent(new Event("load"));
}

const tell = (name, state) => {
  Object.assign(window.Telegram.WebApp, state);
  for (const handler of handlers[name] ?? []) handler();
};

export function called() {
  return calls.join(" ");
}

export function activate(active) {
  tell(active ? "activated" : "deactivated", { isActive: active });
}

export function change_theme(scheme) {
  tell("themeChanged", { colorScheme: scheme });
}

export function leave_telegram() {
  delete window.Telegram;
  document.getElementById("telegram-web-app")?.remove();
  document.documentElement.removeAttribute("style");
  document.documentElement.removeAttribute("data-scheme");
}
