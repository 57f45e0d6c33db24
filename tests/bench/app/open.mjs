// From the tap on the link to the first price on the screen: the app, and a plain HTMX page with the same cards from the
// same Worker, in turns, in one run. On Slow 4G, with a processor four times slower. Cold: nothing of it was ever loaded.
// Warm: opened again by the same phone, with its cache and nothing else.
//
//   cargo xtask bench open [--runs N] [--json]
//
// Both come through one small server in front of the Worker, which does what Cloudflare does in front of it: it compresses.
// It adds the HTMX page, and makes the Worker's rows the fragment that this page asks for.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { launch, link, newContext, phone, quantile, SLOW_4G } from "./phone.mjs";

const compressed = promisify(gzip);
const argument = (name) => process.argv.find((given) => given.startsWith(`--${name}=`))?.split("=")[1];
const RUNS = Number(argument("runs") ?? 20);
const worker = new URL(link).origin;

// ---- The HTMX page.

const htmx = await readFile(createRequire(import.meta.url).resolve("htmx.org/dist/htmx.min.js"));

/** The app's own style, whatever its hash. */
async function style() {
  const index = await (await fetch(worker)).text();
  return index.match(/href="?([^" >]+\.css)/)[1];
}

/** As plain as it can be, and as quick: one request signs in and brings the cards. */
const htmxPage = (css) => `<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${css}"><script src="/htmx.min.js" defer></script>
<script>
addEventListener("htmx:configRequest", function (event) {
  event.detail.headers.authorization = "tma " + new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
});
</script></head>
<body><div id="app"><header class="bar"><div class="tabs"><b class="tab">Грузы</b></div></header>
<main><ul class="cards" hx-get="/htmx/cargos" hx-trigger="load"></ul></main></div></body></html>`;

async function fragment(authorization) {
  const answer = await fetch(`${worker}/api/cargos/?limit=20&offset=0&html=ru`, { headers: { authorization } });
  const { cargos } = await answer.json();
  return cargos.map(({ id, html }) => `<li class="card" id="cargo-${id}">${html}</li>`).join("");
}

// ---- What stands in front of the Worker.

const css = await style();
const front = createServer(async (request, response) => {
  const send = async (status, headers, body) => {
    const isText = /text|json|javascript|wasm|svg/.test(headers["content-type"] ?? "");
    const packed = isText && body.length > 200 ? await compressed(body, { level: 6 }) : body;
    const encoding = packed === body ? {} : { "content-encoding": "gzip" };
    response.writeHead(status, { ...headers, ...encoding, "content-length": packed.length });
    response.end(packed);
  };
  const html = { "content-type": "text/html; charset=utf-8" };
  if (request.url === "/htmx/") return send(200, html, Buffer.from(htmxPage(css)));
  if (request.url === "/htmx.min.js") {
    return send(200, { "content-type": "text/javascript", "cache-control": "public, max-age=31536000, immutable" }, htmx);
  }
  if (request.url === "/htmx/cargos") return send(200, html, Buffer.from(await fragment(request.headers.authorization)));
  const { host, connection, "accept-encoding": _, ...headers } = request.headers;
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length ? Buffer.concat(chunks) : undefined;
  const answer = await fetch(worker + request.url, { method: request.method, headers, body });
  const passed = Object.fromEntries(answer.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding", "connection"]) delete passed[name];
  await send(answer.status, passed, Buffer.from(await answer.arrayBuffer()));
});
await new Promise((listening) => front.listen(0, "127.0.0.1", listening));
const origin = `http://localhost:${front.address().port}`;

// ---- What is measured.

/** Notes when the first price is in the page and painted, and when the app has taken over. */
function watch() {
  const seen = (name, selector) => {
    const look = () => {
      const found = document.querySelector(selector)?.textContent;
      if (!found || performance.getEntriesByName(name).length) return;
      requestAnimationFrame(() => setTimeout(() => performance.mark(name)));
      return true;
    };
    const observer = new MutationObserver(() => look() && observer.disconnect());
    observer.observe(document, { subtree: true, childList: true, characterData: true });
  };
  seen("price", "#app .card .price");
  seen("live", "li.card .price");
}

async function open(context, path) {
  const { page, devtools } = await phone(context);
  await page.addInitScript(watch);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", SLOW_4G);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.goto(origin + path + new URL(link).hash, { waitUntil: "commit" });
  const [price, live] = await page.evaluate(
    () =>
      new Promise((done) => {
        const look = setInterval(() => {
          const marks = ["price", "live"].map((name) => performance.getEntriesByName(name)[0]?.startTime);
          if (marks.every(Boolean)) clearInterval(look), done(marks);
        }, 20);
      }),
  );
  // What the browser keeps for the next time, it may keep now.
  await page.waitForTimeout(1500);
  await page.close();
  return { price, live };
}

const PAGES = { app: "/", htmx: "/htmx/" };
const figures = { app: { cold: [], warm: [] }, htmx: { cold: [], warm: [] } };
const browser = await launch();
for (let run = 0; run < RUNS; run += 1) {
  // In turns, so that whatever else the machine does hits both.
  for (const name of run % 2 ? ["app", "htmx"] : ["htmx", "app"]) {
    const context = await newContext(browser);
    figures[name].cold.push(await open(context, PAGES[name]));
    figures[name].warm.push(await open(context, PAGES[name]));
    await context.close();
  }
}
await browser.close();
front.close();

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(figures, null, 2));
} else {
  const ms = (values, q) => `${Math.round(quantile(values, q))}`.padStart(7);
  console.log(`\nmilliseconds to the first price on the screen, ${RUNS} runs, Slow 4G, processor 4 times slower\n`);
  console.log("                  median    p90    min");
  for (const temperature of ["cold", "warm"]) {
    for (const name of ["app", "htmx"]) {
      const values = figures[name][temperature].map(({ price }) => price);
      console.log(`${temperature}  ${name.padEnd(10)} ${ms(values, 0.5)}${ms(values, 0.9)}${ms(values, 0)}`);
    }
    const live = figures.app[temperature].map(({ live }) => live);
    console.log(`      app live   ${ms(live, 0.5)}${ms(live, 0.9)}${ms(live, 0)}   (the program has taken over)`);
  }
}
