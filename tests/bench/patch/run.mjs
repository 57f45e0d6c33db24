// How long it takes from the text of a prices answer to the patched page: the app's own code, the same written by
// hand, and HTMX with out-of-band spans. All in one Chromium, in one run, on the same cards; medians.
//
//   node tests/bench/patch/run.mjs [--json]
//
// Needs:
// - the package `bench-patch` built in release for wasm32-unknown-unknown, passed through
//   `wasm-bindgen --target web --out-name app --out-dir <dir>`, and through wasm-opt with the app's options;
// - BENCH_PATCH_DIR: that <dir>, target/bench-patch of the project unless set;
// - CHROME: the Chromium to run, /usr/bin/chromium unless set;
// - the npm packages @playwright/test (or playwright-core), htmx.org (1.9.12) and htmx2 (htmx.org 2) of the project.
//
// Nothing is asserted about the times; that every variant really shows the new prices is.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, "../../..");
const require = createRequire(process.env.BENCH_NODE_MODULES ?? join(project, "package.json"));
const built = resolve(process.env.BENCH_PATCH_DIR ?? join(project, "target/bench-patch"));

const CASES = [
  { rows: 100, share: 0.1 },
  { rows: 100, share: 1 },
  { rows: 1000, share: 0.1 },
  { rows: 1000, share: 1 },
];
/** HTMX takes seconds a round at a thousand rows: fewer of them. */
const ROUNDS = { fast: { warm: 40, measured: 101 }, slow: { warm: 2, measured: 7 } };

// ---- The cargos and the answers, the same for every variant.

/** A small generator of numbers in 0..1, seeded: every run times the same work. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const CITIES = ["Москва", "Казань", "Санкт-Петербург", "Набережные Челны", "Пермь", "Екатеринбург"];

function cargos(rows) {
  const next = random(rows);
  return Array.from({ length: rows }, (_, i) => ({
    id: String(6236980507 + i),
    from: { city: CITIES[i % 6], date: "2026-11-20T08:30" },
    to: { city: CITIES[(i + 1) % 6], date: "2026-11-22" },
    price_kopecks: somePrice(next),
    price_per_km_kopecks: 16500,
    weight_kg: 20000,
    volume_m3: 82.5,
    distance_km: 300 + (i % 1500),
    load_types: ["задн."],
    truck_types: ["реф."],
    company: "ООО «Перевозчик»",
  }));
}

const somePrice = (next) => 100 * Math.floor(10_000 + next() * 200_000);
const otherThan = (price, next) => {
  const other = somePrice(next);
  return other === price ? other + 100 : other;
};

/** The prices of round `round`: a `share` of them differs from the round before. */
function prices(cargos, share, rounds) {
  const next = random(cargos.length * 7 + share * 100);
  let current = cargos.map((cargo) => [cargo.id, cargo.price_kopecks]);
  return Array.from({ length: rounds }, () => {
    const every = Math.round(1 / share);
    const first = Math.floor(next() * every);
    current = current.map(([id, price], i) =>
      i % every === first ? [id, otherThan(price, next)] : [id, price],
    );
    return current;
  });
}

const NO_BREAK_SPACE = "\u00a0";
const priceText = (kopecks) =>
  String(kopecks / 100).replace(/\B(?=(\d{3})+$)/g, NO_BREAK_SPACE) + NO_BREAK_SPACE + "₽";

/** What the Worker answers. */
const json = (rows) =>
  JSON.stringify({
    etag: '"0123456789abcdef"',
    as_of: 1_795_000_000_000,
    age_ms: 1200,
    stale: false,
    coherent: true,
    total: rows.length,
    poll_after_ms: 10_000,
    prices: rows,
  });

/** What the HTMX front end is answered. */
const html = (rows) =>
  rows
    .map(
      ([id, price]) =>
        `<span id="cargo-price-${id}" class="cargo-price cargo-price-inline" hx-swap-oob="outerHTML">${priceText(price)}</span>`,
    )
    .join("\n");

// ---- The server: pages, the built app, HTMX, and the answers that HTMX fetches itself.

const files = {
  "/vanilla.js": join(here, "vanilla.js"),
  "/app.js": join(built, "app.js"),
  "/app_bg.wasm": join(built, "app_bg.wasm"),
  "/htmx-1.js": require.resolve("htmx.org/dist/htmx.min.js"),
  "/htmx-2.js": require.resolve("htmx2/dist/htmx.min.js"),
};
const types = { ".js": "text/javascript", ".wasm": "application/wasm" };
const answers = new Map();

const server = createServer(async (request, response) => {
  // Isolation makes the browser's clock tick in 5 µs instead of 100.
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end('<!doctype html><meta charset="utf-8"><body><div id="host"></div></body>');
  } else if (files[pathname]) {
    response.setHeader("Content-Type", types[extname(pathname)]);
    response.end(await readFile(files[pathname]));
  } else if (answers.has(pathname)) {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(answers.get(pathname));
  } else {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

// ---- The variants. `mount` runs once in a fresh page; `round` returns milliseconds.

const markup = { plain: "", spans: "" };

const timedPatch = (page, answer) =>
  page.evaluate((answer) => {
    const start = performance.now();
    window.board.patch(answer);
    return performance.now() - start;
  }, answer);

const htmx = (version) => ({
  name: `HTMX ${version}`,
  pace: "slow",
  async mount(page) {
    await page.evaluate((html) => { document.getElementById("host").innerHTML = html; }, markup.spans);
    await page.addScriptTag({ url: `/htmx-${version[0]}.js` });
  },
  // HTMX fetches by itself: from the moment it has the answer to the moment it has put it in. What it does 20 ms
  // later (settling) is not counted.
  round: (page, answer, path) =>
    page.evaluate(
      (path) =>
        new Promise((done) => {
          let start;
          const body = document.body;
          body.addEventListener("htmx:beforeOnLoad", () => { start = performance.now(); }, { once: true });
          body.addEventListener("htmx:afterOnLoad", () => done(performance.now() - start), { once: true });
          window.htmx.ajax("GET", path, { target: "#host", swap: "none" });
        }),
      path,
    ),
  shown: (page) => page.evaluate(() => [...document.querySelectorAll(".cargo-price")].map((e) => e.textContent)),
});

const shown = (page) => page.evaluate(() => [...document.querySelectorAll(".price")].map((e) => e.textContent));

const VARIANTS = [
  {
    name: "app",
    pace: "fast",
    mount: (page, cargos) =>
      page.evaluate(async (cargos) => {
        const app = await import("/app.js");
        await app.default({ module_or_path: "/app_bg.wasm" });
        window.board = new app.Board(document.getElementById("host"), JSON.stringify(cargos));
      }, cargos),
    round: timedPatch,
    shown,
  },
  {
    name: "vanilla",
    pace: "fast",
    async mount(page, cargos) {
      await page.evaluate(
        async ([html, cargos]) => {
          const host = document.getElementById("host");
          host.innerHTML = html;
          const { Board } = await import("/vanilla.js");
          window.board = new Board(host, cargos);
        },
        [markup.plain, cargos],
      );
    },
    round: timedPatch,
    shown,
  },
  htmx("1.9.12"),
  htmx("2.0.11"),
];

// ---- The run.

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];
const painted = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

let playwright;
try {
  playwright = require("@playwright/test");
} catch {
  playwright = require("playwright-core");
}
const browser = await playwright.chromium.launch({
  executablePath: process.env.CHROME ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

const table = [];
try {
  for (const { rows, share } of CASES) {
    const list = cargos(rows);
    const rounds = ROUNDS.fast.warm + ROUNDS.fast.measured;
    const states = prices(list, share, rounds);
    const pages = [];
    for (const variant of VARIANTS) {
      const page = await (await browser.newContext()).newPage();
      await page.goto(origin);
      await variant.mount(page, list);
      if (variant.name === "app") {
        // The others get the very cards that the app made.
        markup.plain = await page.evaluate(() => document.getElementById("host").innerHTML);
        markup.spans = markup.plain.replace(
          /id="cargo-(\d+)"(.*?)<p class="price"[^>]*>(.*?)<\/p>/g,
          'id="cargo-card-$1"$2<span id="cargo-price-$1" class="cargo-price cargo-price-inline">$3</span>',
        );
      }
      pages.push({ variant, page, times: [] });
    }
    for (let round = 0; round < rounds; round += 1) {
      const path = `/answer/${rows}/${share}/${round}`;
      answers.set(path, html(states[round]));
      const answer = json(states[round]);
      // Whoever goes first pays for a cold cache: take turns.
      const order = round % 2 ? pages : pages.toReversed();
      for (const { variant, page, times } of order) {
        const { warm, measured } = ROUNDS[variant.pace];
        if (round >= warm + measured) continue;
        await page.bringToFront();
        const time = await variant.round(page, answer, path);
        await painted(page);
        if (round >= warm) times.push(time);
        if (round === warm) {
          const texts = await variant.shown(page);
          const wrong = states[round].findIndex(([, price], i) => texts[i] !== priceText(price));
          if (wrong >= 0) throw new Error(`${variant.name}: row ${wrong} shows ${texts[wrong]}`);
        }
      }
      answers.delete(path);
    }
    const row = { rows, changed: Math.round(rows * share) };
    for (const { variant, page, times } of pages) {
      row[variant.name] = median(times);
      await page.context().close();
    }
    table.push(row);
  }
} finally {
  await browser.close();
  server.close();
}

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(table));
} else {
  const ms = (time) => (time >= 100 ? time.toFixed(0) : time >= 10 ? time.toFixed(1) : time.toFixed(2));
  const names = VARIANTS.map((variant) => variant.name);
  const head = ["rows", "changed", ...names, "app / vanilla", ...names.slice(2).map((name) => `${name} / app`)];
  const lines = table.map((row) => [
    String(row.rows),
    String(row.changed),
    ...names.map((name) => `${ms(row[name])} ms`),
    (row.app / row.vanilla).toFixed(2),
    ...names.slice(2).map((name) => (row[name] / row.app).toFixed(0)),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const print = (cells) => console.log(cells.map((cell, i) => cell.padStart(widths[i])).join("  "));
  print(head);
  lines.forEach(print);
}
