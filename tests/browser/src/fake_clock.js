// Time that a test moves by hand, in place of the page's timers and of performance.now().

const real = {
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

export function install() {
  now = 1_000;
  timers = new Map();
  globalThis.setTimeout = (callback, ms) => add(callback, ms, null);
  globalThis.setInterval = (callback, ms) => add(callback, ms, ms);
  globalThis.clearTimeout = (id) => { if (!timers.delete(id)) real.clearTimeout(id); };
  globalThis.clearInterval = globalThis.clearTimeout;
  performance.now = () => now;
}

export function uninstall() {
  Object.assign(globalThis, real);
  delete performance.now;
  Date.now = realDate;
}

/** Sets the phone's date, which nothing else follows, so many days off. */
export function set_date(days) {
  Date.now = () => realDate() + days * 86_400_000;
}

// A turn of the page's loop by a message: the browser holds nested timers back for 4 ms each.
const channel = new MessageChannel();
const turn = () =>
  new Promise((done) => {
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
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
