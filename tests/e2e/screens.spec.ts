// Filters, a cargo's own screen, and what is watched.

import { expect, type Page } from "@playwright/test";
import { expectAccessible, expectGoodInBothThemes } from "./accessibility";
import { Board, DARK, priceText } from "./board";
import { expectToFollowBuilds } from "./builds";
import { test } from "./policy";
import { simulator } from "./simulator";

test.beforeEach(async () => {
  await simulator.still();
});

async function openFilters(page: Page) {
  await page.getByRole("button", { name: "Фильтры" }).tap();
  await expect(page.getByRole("dialog")).toBeVisible();
}

/** Chooses a city by its first letters. */
async function chooseCity(page: Page, label: string, letters: string, city: string) {
  await page.getByRole("combobox", { name: label }).fill(letters);
  await page.getByRole("option", { name: city, exact: true }).tap();
}

async function apply(page: Page) {
  await page.getByRole("button", { name: "Показать грузы" }).tap();
  await expect(page.getByRole("dialog")).toHaveCount(0);
}

test("filters count once applied, stand as chips, and come off one by one", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const lists: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/api/cargos/") lists.push(decodeURIComponent(request.url()));
  });
  await openFilters(page);
  await page.getByRole("radio", { name: "Все" }).check();
  await chooseCity(page, "Город загрузки", "моск", "Москва");
  await page.getByRole("radio", { name: "20 т, 83 м³" }).check();
  await page.getByRole("checkbox", { name: "тентованный" }).check();
  await page.getByRole("textbox", { name: "от" }).first().fill("10 000");
  await board.poll();
  expect(lists, "nothing is asked before it is applied").toEqual([]);
  await apply(page);

  await expect(page.locator(".chip.on")).toHaveText(["Москва +50 км", /≤ 20 т/, "Кузов: 1", "от 10 000 ₽"]);
  await expect(board.cards.first()).toBeVisible();
  const filtered = lists[0];
  for (const part of ["mode=all", "start_point_id=", "weight_volume=20-83", "truck_types=", "price=1000000,"]) {
    expect(filtered).toContain(part);
  }
  for (const city of await page.locator("li.card .stop:first-child .city").allTextContents()) {
    expect(city).not.toBe("");
  }
  const before = await page.locator(".tab .count").first().textContent();
  await page.getByRole("button", { name: "Убрать условие: Москва" }).tap();
  await expect(page.locator(".chip.on")).toHaveCount(3);
  await expect(page.locator(".tab .count").first()).not.toHaveText(before!);
});

test("a link reproduces a view, and the next visit begins with it", async ({ page, context }) => {
  const board = new Board(page);
  await board.openWithCards();
  await openFilters(page);
  await chooseCity(page, "Город выгрузки", "каз", "Казань");
  await page.getByLabel("Радиус").last().selectOption("200");
  await apply(page);
  await expect(page.locator(".chip.on")).toHaveText(["→ Казань +200 км"]);
  await expect(board.cards.first()).toBeVisible();
  const ids = await board.ids();

  // Another driver's phone, with the query of this one.
  const link = new URL(Board.link());
  link.search = new URL(page.url()).search;
  const other = new Board(await (await page.context().browser()!.newContext({ locale: "ru-RU" })).newPage());
  await other.open(link.href);
  await expect(other.page.locator(".chip.on")).toHaveText(["→ Казань +200 км"]);
  await expect.poll(() => other.ids()).toEqual(ids);
  await other.page.context().close();

  const again = new Board(await context.newPage());
  await again.open();
  await expect(again.page.locator(".chip.on")).toHaveText(["→ Казань +200 км"]);
});

test("what makes no sense is told in its place and not applied", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await openFilters(page);
  const from = page.locator("[name=price-0]");
  const to = page.locator("[name=price-1]");
  await from.fill("500");
  await to.fill("100");
  await expect(page.locator("#price-problem")).toHaveText(/«от» не больше «до»/);
  await expect(from).toHaveAttribute("aria-invalid", "true");
  await page.getByRole("button", { name: "Показать грузы" }).tap();
  await expect(page.getByRole("dialog")).toBeVisible();
  await to.fill("900");
  await expect(page.locator("#price-problem")).toHaveText("");
  await page.getByRole("button", { name: "Сбросить всё" }).tap();
  await expect(page.locator("[name=price-0]")).toHaveValue("");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.locator(".chip.on")).toHaveCount(0);
});

test("a city is chosen by keyboard alone", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await openFilters(page);
  const field = page.getByRole("combobox", { name: "Город загрузки" });
  await field.focus();
  await page.keyboard.type("нов");
  await expect(field).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const active = await field.getAttribute("aria-activedescendant");
  const name = await page.locator(`#${active}`).textContent();
  await page.keyboard.press("Enter");
  await expect(field).toHaveValue(name!);
  await field.fill("ъъъ");
  await expect(page.getByText("Такого города нет")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(field, "half a city is no filter").toHaveValue(name!);
});

test("filters that nothing passes offer to be taken off", async ({ page }) => {
  const board = new Board(page);
  const link = new URL(Board.link());
  link.search = "price=4000000000,";
  await board.open(link.href);
  await expect(page.getByRole("heading", { name: "По этим условиям грузов нет" })).toBeVisible();
  await page.getByRole("button", { name: "Сбросить всё" }).tap();
  await expect(board.cards).toHaveCount(20);
});

test("the order is chosen, and prices that move do not change it", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const ids = await board.ids();
  await page.getByLabel("Порядок").selectOption("price");
  const { prices: truth, order } = await simulator.prices();
  // What is put in order is read before, as far as five hundred cards and the page they end on.
  await expect.poll(() => board.cards.count(), { timeout: 30_000 }).toBeGreaterThanOrEqual(Math.min(500, order.my.length));
  await expect.poll(async () => truth[(await board.ids())[0]]).toBe(Math.max(...(await board.ids()).map((id) => truth[id] ?? 0)));
  const sorted = await board.ids();
  const dearest = truth[sorted[0]]!;
  const prices = sorted.map((id) => truth[id] ?? 0);
  expect(prices).toEqual([...prices].sort((a, b) => b - a));
  expect(ids).not.toEqual(sorted);

  const last = sorted.at(-1)!;
  await simulator.setPrice(last, dearest + 100);
  await expect(board.price(last)).toHaveText(priceText(dearest + 100), { timeout: 25_000 });
  expect(await board.ids()).toEqual(sorted);
  expect(new URL(page.url()).search).toContain("sort=price");
});

test("a cargo opens on its own screen and the list is where it was", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await board.scrollTo(40);
  const id = (await board.ids())[22];
  await board.card(id).scrollIntoViewIfNeeded();
  await page.waitForTimeout(200);
  const scrolled = await page.evaluate(() => window.scrollY);
  await board.card(id).locator("a.open").tap();

  const route = await board.card(id).locator("article").getAttribute("aria-label");
  await expect(page.getByRole("heading", { level: 1, name: route! })).toBeVisible();
  await expect(page.locator(".facts")).toBeVisible();
  for (const said of ["Маршрут", "Контакты", "Вес", "Заказчик", "Грузовладелец", "Размещён"]) {
    await expect(page.locator(".detail").getByText(said, { exact: true })).toBeVisible();
  }
  expect(new URL(page.url()).searchParams.get("cargo")).toBe(id);

  // The price stays live here, and its history goes on.
  await simulator.setPrice(id, 3_333_300);
  await expect(page.locator(".detail .price")).toHaveText(priceText(3_333_300), { timeout: 25_000 });
  await expect(page.locator(".chart path")).toHaveCount(1);

  await page.goBack();
  await expect(board.card(id)).toBeInViewport();
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeCloseTo(scrolled, -1);
});

test("a deep link opens a cargo, live, and back leads to the list", async ({ page }) => {
  const id = (await simulator.prices()).order.all.at(-1)!;
  const link = new URL(Board.link());
  const fragment = new URLSearchParams(link.hash.slice(1));
  fragment.set("tgWebAppStartParam", `cargo_${id}`);
  link.hash = fragment.toString().replace(/\+/g, "%20");
  const board = new Board(page);
  await board.open(link.href);
  const truth = (await simulator.prices()).prices;
  await expect(page.locator(".detail .price")).toHaveText(priceText(truth[id]));
  await page.getByRole("button", { name: "Назад" }).tap();
  await expect(board.cards).toHaveCount(20);
});

test("a cargo that is no longer there is told so", async ({ page }) => {
  const link = new URL(Board.link());
  link.search = "cargo=9999999999";
  await new Board(page).open(link.href);
  await expect(page.getByRole("heading", { name: "Этого груза больше нет" })).toBeVisible();
});

test("watched cargos have a tab of their own, live, and are there on the next visit", async ({ page, context }) => {
  const board = new Board(page);
  await board.openWithCards();
  await page.getByRole("tab", { name: /Избранное/ }).tap();
  await expect(page.getByRole("heading", { name: "Здесь будут грузы, за которыми вы следите" })).toBeVisible();
  await expect(board.cards).toHaveCount(0);
  await page.getByRole("tab", { name: /Грузы/ }).tap();
  const ids = await board.ids();
  for (const id of [ids[3], ids[7]]) await board.card(id).getByRole("button", { name: "Следить за грузом" }).tap();
  await page.getByRole("tab", { name: /Избранное/ }).tap();
  const watched = page.locator(".of-watched li.card");
  await expect(watched).toHaveCount(2);
  expect(await watched.evaluateAll((cards) => cards.map((card) => card.id))).toEqual([`watched-cargo-${ids[7]}`, `watched-cargo-${ids[3]}`]);
  // As long as anybody reads the list, its prices are those of the cargos that are watched.
  const other = new Board(await context.newPage());
  await other.openWithCards();
  await simulator.setPrice(ids[3], 5_555_500);
  await expect(watched.nth(1).locator(".price")).toHaveText(priceText(5_555_500), { timeout: 30_000 });

  const again = await context.newPage();
  await new Board(again).open(Board.link());
  await expect(again.getByRole("tab", { name: /Избранное/ })).toContainText("2");
});

test("a client that reloads the page by itself changes nothing", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await board.scrollTo(60);
  await page.evaluate(() => window.scrollTo(0, 6000));
  const middle = () => page.evaluate(() => document.elementFromPoint(195, 422)!.closest("li")!.id);
  const before = await middle();
  await page.reload();
  await expect.poll(() => board.cards.count(), { timeout: 20_000 }).toBeGreaterThanOrEqual(60);
  await expect.poll(middle).toBe(before);

  const id = (await board.ids())[5];
  await page.evaluate(() => window.scrollTo(0, 0));
  await board.card(id).locator("a.open").tap();
  await expect(page.locator(".facts")).toBeVisible();
  await page.reload();
  await expect(page.locator(".facts")).toBeVisible();
});

test("everything is said in English to whoever wants it", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await openFilters(page);
  await page.getByRole("button", { name: "English" }).tap();
  await expect(page.getByRole("tab", { name: /Cargos/ })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(board.cards).toHaveCount(20);
  await board.cards.first().locator("a.open").tap();
  await expect(page.locator(".facts")).toBeVisible();
  expect(await page.locator(".detail h2").allTextContents()).not.toContain("Маршрут");
});

/** Every screen in both themes and both languages, looked at by axe-core here and by people in test-results. */
for (const language of ["ru", "en"]) {
  test(`every screen is accessible, ${language}`, async ({ page }) => {
    const board = new Board(page);
    const look = (screen: string) => expectGoodInBothThemes(page, `${screen}-${language}`);
    const link = Board.link();
    const driver = JSON.parse(new URLSearchParams(new URLSearchParams(new URL(link).hash.slice(1)).get("tgWebAppData")!).get("user")!).id;
    await page.addInitScript(
      ([driver, language]) => localStorage.setItem(`loadboard_${driver}_language`, `1|${language}`),
      [driver, language] as const,
    );
    await board.openWithCards(link);
    const ids = await board.ids();
    await board.card(ids[1]).locator(".star").tap();
    await simulator.setPrice(ids[0], 9_870_000);
    await simulator.remove(ids[2]);
    await expect(board.card(ids[2]).locator(".farewell")).toBeVisible({ timeout: 20_000 });
    await look("list");
    await page.locator("button.filters").tap();
    await page.locator("#start").fill("моск");
    await page.getByRole("option", { name: "Москва", exact: true }).tap();
    await look("filters");
    await page.locator(".sheet-foot button").tap();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await look("filtered");
    await page.locator(".tab.starred").tap();
    await expect(page.locator(".of-watched li.card")).toHaveCount(1);
    await look("watched");
    await page.locator(".of-watched a.open").tap();
    await expect(page.locator(".facts")).toBeVisible();
    await look("cargo");
    await expect(page.locator("html")).toHaveAttribute("lang", language);
    const cyrillic = await page.locator(".tab, h1.spoken, .status, dt").evaluateAll((said) => said.filter((element) => /[а-я]/i.test(element.textContent!)).length);
    expect(cyrillic > 0).toBe(language === "ru");
  });
}

test("a busy server asks for patience and the cards come by themselves", async ({ page }) => {
  const board = new Board(page);
  let busy = true;
  await page.route(/\/api\/cargos\/\?/, (route) =>
    busy ? route.fulfill({ status: 429, headers: { "retry-after": "2" }, body: "{}" }) : route.continue(),
  );
  await board.open();
  await expect(page.getByRole("heading", { name: "Сейчас много запросов" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Повторить" }), "nobody is sent to make it busier").toHaveCount(0);
  busy = false;
  await expect(board.cards).toHaveCount(20, { timeout: 30_000 });
});

test("a WebView that is too old is told so in place of a blank page", async ({ page }) => {
  await page.addInitScript(() => {
    WebAssembly.validate = () => false;
  });
  await new Board(page).open();
  await expect(page.getByRole("heading", { name: "Обновите Telegram или браузер" })).toBeVisible();
  await expect(page.locator("#app")).toBeHidden();
  await expectAccessible(page);
});

test("a new build is loaded when the driver rests, and once", async ({ page }) => {
  await page.clock.install();
  const board = new Board(page);
  await board.openWithCards();
  await expectToFollowBuilds(page, /\/api\/cargos\/prices\//);
  await expect(board.cards.first()).toBeVisible();
});

test("a keyboard goes on from where it left", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  const focused = () => page.evaluate(() => document.activeElement!.closest("[id]")?.id + " " + document.activeElement!.className);
  const [, , id] = await board.ids();
  await board.card(id).locator("a.open").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".detail h1")).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("button", { name: "Назад" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect.poll(focused).toBe(`cargo-${id} open`);

  const filters = page.getByRole("button", { name: "Фильтры" });
  for (const close of [() => page.keyboard.press("Escape"), () => page.getByRole("button", { name: "Закрыть" }).tap()]) {
    await filters.focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog")).toBeVisible();
    await close();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(filters).toBeFocused();
  }
});
