// Eight hours of polling two hundred cards, by a clock that is turned: what of the memory does not come back.
//
//   cargo xtask bench memory [--hours=N] [--json]
//
// Answers to polls are made here, one for each poll and each with other prices: the Worker's own would need eight hours.

import { launch, link, newContext, phone } from "./phone.mjs";

const HOURS = Number(process.argv.find((given) => given.startsWith("--hours="))?.split("=")[1] ?? 8);
const CARDS = 200;
const PACE_MS = 10_000;

const browser = await launch();
const { page, devtools } = await phone(await newContext(browser));
await page.clock.install();
// Wasm's memory counts too: it never shrinks, so its size is its highest.
await page.addInitScript(() => {
  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...given) => {
    const made = await instantiate(...given);
    window.wasm = Object.values(made.instance.exports).find((exported) => exported instanceof WebAssembly.Memory);
    return made;
  };
});
let polls = 0;
let told = [];
await page.route(/\/api\/cargos\/prices\//, async (route) => {
  polls += 1;
  if (!told.length) told = (await (await route.fetch()).json()).prices;
  // A tenth of the prices moves.
  told = told.map(([id, price], row) => [id, row % 10 === polls % 10 ? (price ?? 1_000_000) + 100 * (polls % 7) - 300 : price]);
  const headers = { "x-poll-after-ms": `${PACE_MS}`, "x-stale": "0" };
  const etag = `"${polls}"`;
  const json = { etag, as_of: 0, age_ms: 1000, stale: false, coherent: true, total: 500, poll_after_ms: PACE_MS, prices: told };
  await route.fulfill({ headers: { ...headers, etag }, json });
});
await page.goto(link);
await page.waitForSelector("li.card .price");
while ((await page.locator("li.card").count()) < CARDS) {
  const before = await page.locator("li.card").count();
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForFunction((before) => document.querySelectorAll("li.card").length > before, before);
}

async function measure() {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
  const wasm = await page.evaluate(() => window.wasm.buffer.byteLength);
  return { heap: usedSize, wasm, nodes, listeners: jsEventListeners, polls };
}

async function anHour() {
  const end = polls + 3_600_000 / PACE_MS;
  while (polls < end) {
    const answered = page.waitForResponse(/\/api\/cargos\/prices\//);
    await page.clock.runFor(PACE_MS + PACE_MS / 5);
    await answered;
  }
}

const hours = [];
for (let hour = 1; hour <= HOURS; hour += 1) {
  await anHour();
  hours.push(await measure());
}
await browser.close();

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(hours));
} else {
  const kb = (bytes) => `${Math.round(bytes / 1024)}`.padStart(9);
  console.log(`\n${CARDS} cards, ${hours.at(-1).polls} polls, each with other prices; kilobytes after collecting garbage\n`);
  console.log("hour   JS heap     wasm    nodes  listeners");
  hours.forEach(({ heap, wasm, nodes, listeners }, hour) =>
    console.log(`${hour + 1}`.padStart(4) + kb(heap) + kb(wasm) + `${nodes}`.padStart(9) + `${listeners}`.padStart(11)),
  );
  const all = ({ heap, wasm }) => heap + wasm;
  console.log(`\nthe last hour's is ${((100 * all(hours.at(-1))) / all(hours[0]) - 100).toFixed(1)} % above the first's`);
}
