// A thousand live cards under a thumb, with a processor four times slower: how often the screen is drawn while they fly by.
//
//   cargo xtask bench scroll [--json]

import { launch, link, newContext, phone, quantile, required } from "./phone.mjs";

const CARDS = 1000;
const GESTURES = 6;

const browser = await launch();
const { page, devtools } = await phone(await newContext(browser));
const body = JSON.stringify({ add: CARDS });
await fetch(`${required("SIM_URL")}/_control`, { method: "POST", headers: { "content-type": "application/json" }, body });
await page.goto(link);
await page.waitForSelector("li.card .price");
for (;;) {
  const count = await page.locator("li.card").count();
  if (count >= CARDS) break;
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForFunction((before) => document.querySelectorAll("li.card").length > before, count);
}
await page.evaluate(() => scrollTo(0, 0));
await page.waitForTimeout(1000);
await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });

/** The times between frames while the list flies by, up and down. */
async function frames(speed) {
  await page.evaluate(() => {
    window.frames_ = [];
    let last = performance.now();
    const note = (now) => {
      window.frames_.push(now - last);
      last = now;
      window.noting = requestAnimationFrame(note);
    };
    window.noting = requestAnimationFrame((now) => ((last = now), (window.noting = requestAnimationFrame(note))));
  });
  for (let gesture = 0; gesture < GESTURES; gesture += 1) {
    await devtools.send("Input.synthesizeScrollGesture", {
      x: 195,
      y: 500,
      yDistance: gesture % 2 ? 9000 : -9000,
      speed,
      gestureSourceType: "touch",
      preventFling: true,
    });
  }
  return page.evaluate(() => (cancelAnimationFrame(window.noting), window.frames_));
}

const figures = {};
for (const speed of [1500, 4000]) figures[speed] = await frames(speed);
await browser.close();

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(figures));
} else {
  console.log(`\n${CARDS} cards, prices polled meanwhile, processor 4 times slower\n`);
  console.log("pixels/s   frames   per second   95 %   99 %   longest (ms)");
  for (const [speed, intervals] of Object.entries(figures)) {
    const seconds = intervals.reduce((sum, ms) => sum + ms, 0) / 1000;
    const row = [speed.padStart(8), `${intervals.length}`.padStart(8), (intervals.length / seconds).toFixed(1).padStart(12)];
    for (const q of [0.95, 0.99, 1]) row.push(quantile(intervals, q).toFixed(1).padStart(q === 1 ? 10 : 6));
    console.log(row.join(" "));
  }
}
