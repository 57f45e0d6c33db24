// What an answer of the Worker costs, on workerd itself (the development proxy would be most of the figure), beside
// other Workers in the same run: hello in JavaScript, hello in Rust, and the same hit written by hand in JavaScript.
//
//   node tests/bench/edge/run.mjs [--rounds N] [--seconds N] [--json]
//
// Needs:
// - edge/build and tests/bench/edge/hello/build, both made by worker-build --profile worker;
// - BENCH_LOAD: the program of tests/bench/edge/load, target/debug/bench-edge-load of the project unless set;
// - SIM: the simulator, target/debug/sim unless set;
// - WORKERD: workerd, the one of the npm package workerd unless set.
//
// Each variant runs in a workerd of its own, under one form of configuration. They take turns, round by round, and
// medians are compared: the load generator and everything else on the machine share its cores. The CPU is that of all
// threads of workerd. The 99th percentile on a small busy machine is the machine's, not the program's.
//
// The three requests of ours are one poll of 20 prices, with a valid session:
// - fresh hit: the record stays fresh for the whole run (PRICES_FRESH_MS is an hour), so only memory is read;
// - 304: the same with the current tag in If-None-Match;
// - stale hit: records are fresh for a millisecond, so every answer is a stale one, and the refreshes that it asks for
//   (workerd -> Refresher -> simulator, 300 ms) go on behind all the while, as many as the Worker makes of its own accord.
//
// Nothing is asserted about the figures; that every answer is the expected one is.

import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { built, children, embed, HOUR_MS, ours, project, scratch, serve, start, stop, textBindings, vars } from "./workerd.mjs";

const { values: options } = parseArgs({
  options: { rounds: { type: "string" }, seconds: { type: "string" }, json: { type: "boolean" } },
});
const ROUNDS = Number(options.rounds ?? 3);
const SECONDS = Number(options.seconds ?? 5);
const WARM_SECONDS = 3;
const CONNECTIONS = 16;

const load = process.env.BENCH_LOAD ?? join(project, "target/debug/bench-edge-load");
const sim = process.env.SIM ?? join(project, "target/debug/sim");

// ---- Requests.

/** initData as Telegram signs it. */
function initData() {
  const hmac = (key, text) => createHmac("sha256", key).update(text);
  const fields = {
    auth_date: String(Math.floor(Date.now() / 1000)),
    user: JSON.stringify({ id: 5000000001, first_name: "Алексей" }),
  };
  const check = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`).join("\n");
  const secret = hmac("WebAppData", vars.TELEGRAM_BOT_TOKEN).digest();
  return new URLSearchParams({ ...fields, hash: hmac(secret, check).digest("hex") }).toString();
}

async function ask(port, path, init) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const body = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`);
  return { headers: Object.fromEntries(response.headers), body };
}

const ORDERS = "/api/orders/?status=approved&limit=50";
const PRICES = "/api/cargos/prices/?mode=all&limit=20";

/** What two variants may differ in: which hash names the prices, and the moment they were asked. */
const comparable = ({ headers, body }) => {
  const { etag, date, age, "cache-status": status, ...other } = headers;
  return JSON.stringify([other, { ...JSON.parse(body), etag: "", age_ms: 0 }]);
};

function expect(what, is, wanted) {
  if (is !== wanted) throw new Error(`${what}: ${is} instead of ${wanted}`);
}

// ---- Measuring.

/** CPU of a process so far, all threads, in seconds; NaN where there is no /proc. */
function cpu(pid) {
  if (!existsSync("/proc/self/stat")) return NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const TICKS_PER_SECOND = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function measure({ name, pid, port, path, headers, status }, seconds) {
  const before = cpu(pid);
  const { stdout } = await promisify(execFile)(load, [
    String(port), path, String(CONNECTIONS), String(seconds * 1000), ...headers,
  ]);
  const seen = JSON.parse(stdout);
  expect(`${name}: answers with ${status}`, seen.statuses[status], seen.answers);
  return {
    perSecond: seen.answers / seen.seconds,
    p50: seen.p50_us / 1000,
    p99: seen.p99_us / 1000,
    cpu: ((cpu(pid) - before) / seen.answers) * 1e6,
  };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

// ---- The run.

async function prepare() {
  const upstream = await start(
    // Prices stand still, so that a tag stays current.
    sim,
    ["--port=0", "--walk-ms=0", "--churn-ms=0", "--latency-ms=300", `--mes-token=${vars.MES_TOKEN}`, "--quiet"],
    1,
    /(http:\S+)/,
  );
  const CARGOTECH_BASE_URL = upstream.found;
  const fresh = await ours("fresh", { CARGOTECH_BASE_URL, PRICES_FRESH_MS: HOUR_MS, LIST_FRESH_MS: HOUR_MS });
  const stale = await ours("stale", { CARGOTECH_BASE_URL, PRICES_FRESH_MS: "1", EAGER_REFRESH_MS: "0" });

  const orders = { CARGOTECH_BASE_URL, MES_BASE_URL: `${CARGOTECH_BASE_URL}/mes`, ORDERS_FRESH_MS: HOUR_MS };
  const board = await ours("board", { ...orders, BOARD_LEASE_MS: "0" });
  const leased = await ours("leased", orders);

  const json = { "content-type": "application/json" };
  const signIn = { method: "POST", headers: json, body: JSON.stringify({ init_data: initData() }) };
  const token = JSON.parse((await ask(fresh.port, "/api/auth/telegram", signIn)).body).session_token;
  const signedIn = { headers: { authorization: `Bearer ${token}` } };
  const list = JSON.parse((await ask(fresh.port, "/api/cargos/?mode=all&limit=100", signedIn)).body);
  await writeFile(join(scratch, "list.json"), JSON.stringify(list));
  const hit = await ask(fresh.port, PRICES, signedIn);

  const crm = [`Authorization: Bearer ${vars.CRM_KEY}`];
  for (const { port } of [board, leased]) {
    await ask(port, ORDERS, { headers: { authorization: `Bearer ${vars.CRM_KEY}` } });
  }

  const twin = await serve("twin", {
    modules: [
      `(name = "twin.js", esModule = ${embed(join(import.meta.dirname, "twin.js"))})`,
      `(name = "list.json", json = ${embed(join(scratch, "list.json"))})`,
    ],
    bindings: textBindings({ SESSION_SECRET: vars.SESSION_SECRET, PRICES_FRESH_MS: HOUR_MS }),
  });
  expect("the twin's answer", comparable(await ask(twin.port, PRICES, signedIn)), comparable(hit));
  await ask(stale.port, PRICES, signedIn);
  expect("x-stale of the stale hit", (await ask(stale.port, PRICES, signedIn)).headers["x-stale"], "1");

  const jsHello = await serve("hello-js", {
    modules: [`(name = "hello.js", esModule = ${embed(join(import.meta.dirname, "hello.js"))})`],
  });
  const rustHello = await serve("hello-rust", { modules: built("tests/bench/edge/hello/build") });

  const session = [`Authorization: Bearer ${token}`];
  const hello = { path: "/", headers: [], status: 200 };
  const poll = { path: PRICES, headers: session, status: 200 };
  return [
    { name: "hello, JavaScript", ...jsHello, ...hello },
    { name: "hello, Rust", ...rustHello, ...hello },
    { name: "fresh hit by hand, JavaScript", ...twin, ...poll },
    { name: "fresh hit", ...fresh, ...poll },
    { name: "304", ...fresh, path: PRICES, headers: [...session, `If-None-Match: ${hit.headers.etag}`], status: 304 },
    { name: "stale hit", ...stale, ...poll },
    { name: "50 orders, from the board", ...board, path: ORDERS, headers: crm, status: 200 },
    { name: "50 orders, on lease", ...leased, path: ORDERS, headers: crm, status: 200 },
  ];
}

async function run() {
  const variants = await prepare();
  const rounds = [];
  for (const variant of variants) await measure(variant, WARM_SECONDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    // Nobody always follows the same neighbour.
    const order = round % 2 ? variants.toReversed() : variants;
    const measured = {};
    for (const variant of order) measured[variant.name] = await measure(variant, SECONDS);
    rounds.push(measured);
  }
  const of = (name, figure) => median(rounds.map((round) => round[name][figure]));
  const figures = variants.map(({ name }) => ({
    name,
    ...Object.fromEntries(["perSecond", "p50", "p99", "cpu"].map((figure) => [figure, of(name, figure)])),
  }));
  // Within a round the machine is most alike: ratios are taken there.
  const ratio = (name, other) => ({
    name: `${name} / ${other}`,
    perSecond: median(rounds.map((round) => round[name].perSecond / round[other].perSecond)),
    cpu: median(rounds.map((round) => round[other].cpu / round[name].cpu)),
  });
  return {
    figures,
    ratios: [
      { ...ratio("fresh hit", "hello, Rust"), reach: 0.75 },
      { ...ratio("fresh hit", "fresh hit by hand, JavaScript"), reach: 0.7 },
      { ...ratio("304", "fresh hit"), reach: 1 },
      { ...ratio("stale hit", "fresh hit") },
    ],
  };
}

// ---- Sizes.

/** Bytes of the files, each gzipped as it goes over the wire. */
async function gzipped(files) {
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(file), { level: 9 }).length));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizes() {
  const worker = ["index.js", "index_bg.wasm"].map((file) => join(project, "edge/build", file));
  const result = [{ name: "Worker, wasm + JS", bytes: await gzipped(worker), reach: 1_000_000 }];
  const dist = await readdir(join(project, "dist")).catch(() => []);
  const app = dist.filter((file) => /\.(wasm|js|css|html)$/.test(file)).map((file) => join(project, "dist", file));
  if (app.some((file) => file.endsWith(".wasm"))) {
    result.push({ name: "app, wasm + JS + CSS + HTML", bytes: await gzipped(app), reach: 150_000 });
  }
  return result;
}

// ---- The tables.

function print(head, lines) {
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const text = (cells) => cells.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ");
  console.log(`${[head, ...lines].map(text).join("\n")}\n`);
}

const percent = (share) => (Number.isNaN(share) ? "–" : `${(share * 100).toFixed(0)} %`);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} KB`;

try {
  const { figures, ratios } = await run();
  const size = await sizes();
  if (options.json) {
    console.log(JSON.stringify({ figures, ratios, size }));
  } else {
    print(
      [`${CONNECTIONS} connections, median of ${ROUNDS} x ${SECONDS} s`, "requests/s", "p50", "p99 (machine)", "CPU/request"],
      figures.map(({ name, perSecond, p50, p99, cpu }) => [
        name, perSecond.toFixed(0), `${p50.toFixed(2)} ms`, `${p99.toFixed(2)} ms`,
        Number.isNaN(cpu) ? "–" : `${cpu.toFixed(0)} µs`,
      ]),
    );
    print(
      ["ratio", "requests/s", "by CPU", "reach"],
      ratios.map(({ name, perSecond, cpu, reach }) => [name, percent(perSecond), percent(cpu), reach ? percent(reach) : ""]),
    );
    print(
      ["Size, gzipped", "", "reach"],
      size.map(({ name, bytes, reach }) => [name, kilobytes(bytes), kilobytes(reach)]),
    );
  }
} finally {
  // The simulator goes last: nobody shall complain of its silence.
  const [upstream, ...workers] = children;
  await Promise.all(workers.map(stop));
  if (upstream) await stop(upstream);
}
