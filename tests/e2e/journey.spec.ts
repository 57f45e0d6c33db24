import { expect } from "@playwright/test";
import { Board, DARK, isPoll, priceText } from "./board";
import { test } from "./policy";
import { simulator } from "./simulator";

test.beforeEach(async () => {
  await simulator.still();
});

test("the link shows twenty cards with the prices that CargoTech gave", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();

  const truth = await simulator.prices();
  expect(await board.ids()).toEqual(truth.order.my.slice(0, 20));
  for (const id of await board.ids()) {
    await expect(board.price(id)).toHaveText(priceText(truth.prices[id]));
  }
  await expect(board.cards.first(), "the list begins above the fold").toBeInViewport({ ratio: 1 });
});

test("a changed price appears within fifteen seconds and nothing else moves", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await board.scrollTo(60);
  await page.evaluate(() => window.scrollTo(0, 2400));
  await board.poll();
  const [id] = (await board.ids()).slice(25);
  const node = await board.price(id).elementHandle();
  const positions = await board.positions();
  await board.watchCards();

  const dearer = ((await simulator.prices()).prices[id] ?? 0) + 1_234_500;
  await simulator.setPrice(id, dearer);
  await expect(board.price(id)).toHaveText(priceText(dearer), { timeout: 15_000 });
  await expect(board.price(id), "the change is shown").toHaveClass(/up/);

  expect(await board.changedCards()).toEqual([`cargo-${id}`]);
  expect(await node!.evaluate((node) => node.isConnected)).toBe(true);
  expect(await board.positions()).toEqual(positions);
});

test("a withdrawn price becomes a dash", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const [id] = await board.ids();
  await simulator.setPrice(id, null);
  await expect(board.price(id)).toHaveText("—");
});

test("an outage of three cycles leaves the screen as it is and says so; then prices move again", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const [id] = await board.ids();
  await board.poll();
  await simulator.weather({ kind: "error503" });
  const positions = await board.positions();
  await board.watchCards();
  await simulator.setPrice(id, 7_777_700);

  await expect(board.status).toContainText("CargoTech не отвечает", { timeout: 60_000 });
  await page.waitForTimeout(10_000);
  expect(await board.changedCards()).toEqual([]);
  expect(await board.positions()).toEqual(positions);

  await simulator.weather();
  await expect(board.price(id)).toHaveText(priceText(7_777_700), { timeout: 25_000 });
  await expect(board.status).not.toContainText("CargoTech не отвечает");
});

test("a list that is empty for one reading takes no card away", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await simulator.weather({ kind: "empty", endpoint: "list", times: 1 });
  const calls = async () => (await simulator.stats()).endpoints.list.calls;
  const before = await calls();
  await expect.poll(calls, { timeout: 30_000 }).toBeGreaterThan(before + 1);
  await board.poll();
  await expect(page.locator("li.card.gone")).toHaveCount(0);
  await expect(board.cards).toHaveCount(20);
});

test("a vanished cargo is marked where it stands and goes when dismissed", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const ids = await board.ids();
  const positions = await board.positions();

  await simulator.remove(ids[3]);
  await expect(board.farewell(ids[3])).toBeVisible({ timeout: 20_000 });
  await expect(board.farewell(ids[4])).toBeHidden();
  expect(await board.positions(), "no card moved").toEqual(positions);
  await expect(page.locator("li.card.gone")).toHaveCount(1);

  await board.card(ids[3]).getByRole("button", { name: "Убрать" }).tap();
  await expect(board.card(ids[3])).toHaveCount(0);
});

test("new cargos wait behind a pill and come in on tap", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await board.scrollTo(40);
  await page.evaluate(() => window.scrollTo(0, 1200));
  await board.poll();
  const positions = await board.positions();
  const known = await board.cards.first().elementHandle();

  const added = await simulator.add(3);
  await expect(board.pill).toHaveText(/3.новых груза/, { timeout: 20_000 });
  expect(await board.positions(), "the pill pushes nothing").toEqual(positions);

  await board.pill.tap();
  await expect(board.cards.first()).toHaveId(`cargo-${added.at(-1)}`);
  for (const id of added) await expect(board.card(id)).toHaveCount(1);
  expect(await known!.evaluate((card) => card.isConnected), "known cards keep their nodes").toBe(true);
  await expect(board.pill).toHaveCount(0);
});

test("beyond two hundred cards prices still move and no card comes twice", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await board.scrollTo(120);
  await simulator.add(5);
  await board.scrollTo(240);
  const ids = await board.ids();
  expect(new Set(ids).size).toBe(ids.length);

  const late = ids[225];
  await simulator.setPrice(late, 6_543_200);
  await expect(board.price(late)).toHaveText(priceText(6_543_200), { timeout: 25_000 });
  await expect(page.locator("li.card.gone"), "pushed down is not gone").toHaveCount(0);
});

test("a lost session is renewed without a word, once", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const [id] = await board.ids();
  let signIns = 0;
  page.on("request", (request) => {
    if (request.url().includes("/api/auth/telegram")) signIns += 1;
  });
  await page.route(/\/api\/cargos\/prices\//, (route) => route.fulfill({ status: 401, body: "{}" }), { times: 1 });
  await simulator.setPrice(id, 8_888_800);
  await expect(board.price(id)).toHaveText(priceText(8_888_800), { timeout: 25_000 });
  expect(signIns).toBe(1);
});

test("a session that can't be renewed says what to do", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await page.route(/\/api\//, (route) => route.fulfill({ status: 401, body: "{}" }));
  await expect(board.status).toContainText("Откройте приложение из Telegram заново", { timeout: 25_000 });
  await expect(board.cards, "what was loaded can still be read").toHaveCount(20);
});

test("without a signed link the board says where to open it", async ({ page }) => {
  const board = new Board(page);
  await board.open(new URL("/", Board.link()).href);
  await expect(page.getByRole("heading", { name: "Откройте приложение из Telegram заново" })).toBeVisible();
});

test("a first load that fails says so and heals by itself", async ({ page }) => {
  const board = new Board(page);
  let failing = true;
  let answer: { status: number; contentType?: string; body: string } = { status: 503, body: "{}" };
  await page.route(/\/api\/cargos\//, (route) => (failing ? route.fulfill(answer) : route.continue()));
  await board.open();
  await expect(page.getByRole("button", { name: "Повторить" })).toBeVisible();
  // What makes no sense is no better.
  answer = { status: 200, contentType: "application/json", body: '{"total": 1.5, "cargos": [{"id": true}]}' };
  await page.getByRole("button", { name: "Повторить" }).tap();
  await page.waitForResponse((response) => response.status() === 200 && response.url().includes("/api/cargos/"));
  await expect(page.getByRole("button", { name: "Повторить" })).toBeVisible();
  failing = false;
  await expect(board.cards).toHaveCount(20, { timeout: 30_000 });
});

test("a phone without network is told so, and polls again when it is back", async ({ page, context }) => {
  const board = new Board(page);
  await board.openWithCards();
  await context.setOffline(true);
  await expect(board.status).toContainText(/сети/);
  await context.setOffline(false);
  await board.poll();
  await expect(board.status).not.toContainText(/сети/);
  await expect(board.cards).toHaveCount(20);
});

test("a second poll of unchanged prices carries the tag and is answered 304", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await expect
    .poll(async () => (await board.poll()).status(), { timeout: 40_000, message: "the status of a poll" })
    .toBe(304);
});

test("nothing secret is said to the console, and nothing is refused by the page's own rules", async ({ page }) => {
  const board = new Board(page);
  const response = page.waitForResponse((response) => "x-session-token" in response.headers());
  await board.openWithCards();
  const token = (await response).headers()["x-session-token"];
  await board.poll();

  const said = board.said.join("\n");
  expect(said).not.toContain(token);
  expect(said).not.toContain("hash=");
  // One thing could not be loaded: Telegram's script, which these tests block.
  expect(board.errors).toEqual(["Failed to load resource: net::ERR_FAILED"]);
  const requests = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
  expect(requests.filter((url) => url.includes("tgWebAppData") || url.includes(token))).toEqual([]);
});

test("Telegram's web client may frame the page and nobody else", async ({ request }) => {
  const response = await request.get(new URL("/", Board.link()).href);
  const headers = response.headers();
  expect(headers["x-frame-options"]).toBeUndefined();
  expect(headers["content-security-policy"]).toContain("frame-ancestors https://web.telegram.org https://*.telegram.org");
  expect(headers["content-security-policy"]).not.toContain("unsafe-inline");
});

test("an empty list says what will happen", async ({ page }) => {
  const board = new Board(page);
  await page.route(/\/api\/cargos\/\?/, async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    await route.fulfill({ response, json: { ...list, total: 0, next_offset: null, cargos: [] } });
  });
  await board.open();
  await expect(page.getByRole("heading", { name: "Сейчас грузов нет" })).toBeVisible();
});

test("everything that can be tapped is large enough for a thumb", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const [, id] = await board.ids();
  await simulator.remove(id);
  await simulator.add(1);
  await expect(board.farewell(id)).toBeVisible({ timeout: 20_000 });
  await expect(board.pill).toBeVisible();
  for (const button of await page.getByRole("button").all()) {
    const box = (await button.boundingBox())!;
    const smaller = Math.round(Math.min(box.width, box.height) * 100) / 100;
    expect.soft(smaller, await button.innerText()).toBeGreaterThanOrEqual(44);
  }
});

test("five drivers who poll cost CargoTech no more than one", async ({ browser }) => {
  const pages = await Promise.all([...Array(5)].map(async () => (await browser.newContext()).newPage()));
  const boards = pages.map((page) => new Board(page));
  for (const board of boards) await board.openWithCards();
  const calls = async () => (await simulator.stats()).endpoints.list.calls;
  const before = await calls();
  let polls = 0;
  for (const page of pages) page.on("response", (response) => (polls += isPoll(response.request()) ? 1 : 0));
  await expect.poll(() => polls, { timeout: 60_000 }).toBeGreaterThanOrEqual(10);
  expect((await calls()) - before).toBeLessThanOrEqual(4);
  await Promise.all(pages.map((page) => page.context().close()));
});

test("Telegram's colours are there before the program is, whatever the phone's own are", async ({ page }) => {
  await page.route(/\.wasm$/, () => {});
  const board = new Board(page);
  await board.open(Board.linkWithTheme({ ...DARK, text_color: "url(x)", accent_text_color: "#12345", hint_color: 5 }));
  const root = page.locator("html");
  await expect(root).toHaveCSS("background-color", "rgb(35, 46, 60)");
  await expect(root, "only colours are taken over").toHaveCSS("color", "rgb(241, 244, 247)");
  await expect(root).toHaveAttribute("data-scheme", "dark");
});

test("what is no theme does no harm", async ({ page }) => {
  const board = new Board(page);
  for (const theme of [null, [1], "dark", { bg_color: 5 }]) {
    await page.goto("about:blank");
    await board.openWithCards(Board.linkWithTheme(theme as object));
    await expect(page.locator("html")).not.toHaveAttribute("data-scheme");
  }
  await page.goto("about:blank");
  await board.openWithCards(Board.link().replace(/tgWebAppThemeParams=[^&]*/, "tgWebAppThemeParams=%7B"));
  expect(board.errors.filter((error) => !error.includes("ERR_FAILED"))).toEqual([]);
});

for (const [name, link] of [["light", Board.link()], ["dark", Board.linkWithTheme(DARK)]]) {
  test(`screens, ${name}`, async ({ page }) => {
    const board = new Board(page);
    await board.openWithCards(link);
    const ids = await board.ids();
    await simulator.setPrice(ids[0], 9_870_000);
    await simulator.remove(ids[2]);
    await simulator.add(2);
    await expect(board.pill).toBeVisible({ timeout: 25_000 });
    await expect(board.farewell(ids[2])).toBeVisible({ timeout: 20_000 });
    await page.screenshot({ path: `../../test-results/board-${name}.png` });
  });
}
