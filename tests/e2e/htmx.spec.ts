// A front end that knows nothing of this app but its addresses: pages of htmx, in each of its generations, that poll the Worker
// and swap what it answers.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page } from "@playwright/test";
import { Board } from "./board";
import { test } from "./policy";
import { simulator } from "./simulator";

const GENERATIONS = { "1.9": "htmx.org", "2": "htmx2", "4": "htmx4" };

test.beforeEach(async () => {
  await simulator.still();
});

/** The price as that front end writes it. */
function plainPrice(kopecks: number): string {
  return `${String(kopecks / 100).replace(/\B(?=(\d{3})+$)/g, " ")} ₽`;
}

class OldPage {
  readonly errors: string[] = [];

  constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  /** Its polls come when the test says so, by the event `poll`. It stands under the very headers of the app's own page. */
  async open(library: string) {
    const htmx = readFileSync(createRequire(__filename).resolve(`${library}/dist/htmx.min.js`), "utf8");
    const link = new URL(Board.link());
    const initData = new URLSearchParams(link.hash.slice(1)).get("tgWebAppData");
    const headers = (await this.page.request.get(new URL("/", link).href)).headers();
    expect(headers["content-security-policy"]).toContain("default-src 'self'");
    const files = {
      "htmx.js": ["text/javascript", htmx],
      "page.js": ["text/javascript", `(${script})(${JSON.stringify(initData)})`],
      "style.css": ["text/css", ".cargo-card { min-height: 90px }"],
      "": ["text/html; charset=utf-8", PAGE],
    };
    await this.page.route(new URL("/old/*", link).href, (route) => {
      const [type, body] = files[route.request().url().split("/").at(-1) as keyof typeof files];
      return route.fulfill({ headers: { ...headers, "content-type": type }, body });
    });
    await this.page.goto(new URL("/old/", link).href);
    await expect(this.page.locator(".cargo-card")).toHaveCount(20);
  }

  card(id: string) {
    return this.page.locator(`#cargo-card-${id}`);
  }

  price(id: string) {
    return this.page.locator(`#cargo-price-${id}`);
  }

  async ids(): Promise<string[]> {
    return this.page.locator(".cargo-card").evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset.cargoId!));
  }

  /** Polls once; the answer. */
  async poll() {
    const answer = this.page.waitForResponse((response) => new URL(response.url()).pathname === "/api/v1/cargos/prices/");
    await this.page.evaluate(() => {
      window.swaps = {};
      document.body.dispatchEvent(new Event("poll"));
    });
    const response = await answer;
    await response.finished();
    return response;
  }

  async pollUntil(what: string, done: () => Promise<boolean>) {
    await expect(async () => {
      await this.poll();
      expect(await done(), what).toBe(true);
    }).toPass({ timeout: 30_000, intervals: [1_000] });
  }

  /** How often each element was put in since the last poll began. */
  async swaps(): Promise<Record<string, number>> {
    return this.page.evaluate(() => window.swaps);
  }
}

declare global {
  interface Window {
    swaps: Record<string, number>;
  }
}

const PAGE = `<!doctype html><html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Грузы</title>
  <meta name="htmx-config" content='{"includeIndicatorStyles": false}'>
  <link rel="stylesheet" href="style.css"><script src="htmx.js"></script><script src="page.js"></script></head><body>
  <p><span id="cargo-count" class="cargo-count"></span></p>
  <div id="cargo-list" hx-get="/api/v1/cargos/?limit=20" hx-trigger="signed-in from:body" hx-swap="innerHTML"></div>
  <div id="prices" hx-get="/api/v1/cargos/prices/?limit=100" hx-trigger="poll from:body" hx-swap="none"></div>
</body></html>`;

/** What the page does by itself: it signs in, and says with each poll which cards it shows. Runs in the page. */
function script(initData: string) {
  let token: string;
  const withToken = (headers: Record<string, string>) => (headers["Authorization"] = `Bearer ${token}`);
  const seenIds = () => [...document.querySelectorAll<HTMLElement>(".cargo-card")].map((card) => card.dataset.cargoId).join(",");
  const number = () => String(Math.random());
  // In htmx 1 and 2, and in htmx 4.
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, headers, parameters } = (event as CustomEvent).detail;
    withToken(headers);
    if (elt.id === "prices") Object.assign(parameters, { seen_ids: seenIds(), _rid: number(), ...elt.dataset });
  });
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, request } = (event as CustomEvent).detail.ctx;
    withToken(request.headers);
    if (sourceElement.id !== "prices") return;
    for (const [name, value] of Object.entries({ seen_ids: seenIds(), _rid: number(), ...sourceElement.dataset })) request.body.set(name, value);
  });
  window.swaps = {};
  const notePutIn = (records: MutationRecord[]) => {
    for (const { addedNodes } of records) for (const { id } of addedNodes as NodeListOf<Element>) if (id) window.swaps[id] = (window.swaps[id] ?? 0) + 1;
  };
  addEventListener("DOMContentLoaded", async () => {
    const body = JSON.stringify({ init_data: initData });
    const answer = await fetch("/api/auth/telegram", { method: "POST", headers: { "content-type": "application/json" }, body });
    token = (await answer.json()).session_token;
    new MutationObserver(notePutIn).observe(document.body, { subtree: true, childList: true });
    document.body.dispatchEvent(new Event("signed-in"));
  });
}

for (const [generation, library] of Object.entries(GENERATIONS)) {
  test(`a page of htmx ${generation} lives on the Worker unchanged`, async ({ page }) => {
    const old = new OldPage(page);
    await old.open(library);
    const { order } = await simulator.prices();
    const mine = order.my.length;
    await expect(page.locator("#cargo-count")).toHaveText(`20 из ${mine}`);
    expect(await old.ids()).toEqual(order.my.slice(0, 20));

    await page.locator("#cargo-more").tap();
    await expect(page.locator(".cargo-card")).toHaveCount(40);
    await expect(page.locator("#cargo-count")).toHaveText(`40 из ${mine}`);
    await expect(page.locator("#cargo-more")).toHaveCount(1);
    expect(await old.ids()).toEqual(order.my.slice(0, 40));

    // A price changes; nothing else does, and nothing moves.
    const [changed, vanished] = order.my.slice(20, 40);
    await old.card(vanished).scrollIntoViewIfNeeded();
    await page.locator(".cargo-card").evaluateAll((cards) => cards.forEach((card) => ((card as any).isTheSame = true)));
    const top = () => page.evaluate(() => window.scrollY);
    const before = await top();
    expect(before).toBeGreaterThan(0);
    await simulator.setPrice(changed, 77_777_00);
    await old.pollUntil("the price has changed", async () => (await old.price(changed).textContent()) === plainPrice(77_777_00));
    expect(await top()).toBe(before);
    const swaps = await old.swaps();
    expect(swaps[`cargo-price-${changed}`]).toBe(1);
    expect(Object.entries(swaps).filter(([, times]) => times > 1)).toEqual([]);
    expect(Object.keys(swaps).filter((id) => !id.startsWith("cargo-price-"))).toEqual([]);
    const same = await page.locator(".cargo-card").evaluateAll((cards) => cards.every((card) => (card as any).isTheSame));
    expect(same, "cards stay").toBe(true);

    // A cargo is gone, and so is its card; no other is, though new ones have come above.
    await simulator.remove(vanished);
    await simulator.add(3);
    await old.pollUntil("the card is gone", async () => (await old.card(vanished).count()) === 0);
    const left = order.my.slice(0, 40).filter((id) => id !== vanished);
    expect(await old.ids()).toEqual(left);

    // The next ones are those below the last card, none a second time, however often somebody taps.
    await page.locator("#cargo-more").dblclick();
    await expect(page.locator(".cargo-card")).toHaveCount(59);
    expect(await old.ids()).toEqual([...left, ...order.my.slice(40, 60)]);
    await expect(page.locator("#cargo-more")).toHaveCount(1);

    // CargoTech is down: the screen stays as it is, and nobody is shown an error.
    const texts = () => page.locator(".cargo-price").allTextContents();
    const shown = await texts();
    await simulator.weather({ kind: "error503" });
    for (let polls = 0; polls < 3; polls += 1) expect((await old.poll()).status()).toBe(200);
    expect(await texts()).toEqual(shown);

    // Nor does an answer to a wrong question land on the page.
    await page.locator("#prices").evaluate((element) => element.setAttribute("data-offset", "x"));
    expect((await old.poll()).status()).toBe(422);
    expect(await texts()).toEqual(shown);
    expect(await page.locator("#prices").innerHTML()).toBe("");
    const twice = await page.locator("[id]").evaluateAll((all) => all.map(({ id }) => id).filter((id, at, ids) => ids.indexOf(id) !== at));
    expect(twice, "ids that stand twice").toEqual([]);
    expect(old.errors.filter((error) => !/422|Response Status Error/.test(error))).toEqual([]);
  });
}

test("without anything to serve a page of htmx is told nothing, and keeps its cards", async ({ page }) => {
  const old = new OldPage(page);
  await old.open("htmx.org");
  const cards = await old.ids();
  await simulator.weather({ kind: "error503" });
  // Filters that nobody has asked for before.
  const date = `2031-01-${String(1 + Math.floor(Math.random() * 28)).padStart(2, "0")}`;
  await page.locator("#prices").evaluate((element, date) => element.setAttribute("data-start_date", date), date);
  const answer = await old.poll();
  expect([answer.status(), await answer.text()]).toEqual([200, ""]);
  expect(await old.ids()).toEqual(cards);
});
