// Journeys of operators through the order board, on phones, against the running Worker and the factory that the simulator plays.

import { expect } from "@playwright/test";
import { expectGoodInBothThemes } from "./accessibility";
import { DARK } from "./board";
import { expectToFollowBuilds } from "./builds";
import { ALEXEY, BORIS, DRIVER, Orders } from "./orders";
import { test } from "./policy";
import { ofLane, simulator } from "./simulator";
import { Telegram } from "./telegram";

test.beforeEach(async () => {
  await simulator.still();
  await simulator.mesWell();
});

/** A model that nobody has asked about before. */
function model(bytes: number) {
  const buffer = Buffer.alloc(bytes, "solid");
  buffer.write(`solid ${Math.random()} ${Date.now()}`);
  return { name: "Кронштейн.stl", mimeType: "model/stl", buffer };
}

test("the link shows the orders to start, newest first, with counts on the tabs", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  const truth = await simulator.orders("status=approved&limit=50");
  expect(await orders.ids()).toEqual(truth.map(({ id }) => id));
  await expect(orders.row(truth[0].id)).toContainText(truth[0].part);
  await expect(orders.tab("К запуску")).toHaveAttribute("aria-selected", "true");
  await expect(orders.tab("К запуску").locator(".count")).toHaveText(/\d/, { timeout: 20_000 });
  const approved = (await simulator.orders("status=approved&limit=10000")).length;
  await expect.poll(() => orders.count("К запуску"), { timeout: 20_000 }).toBe(approved);
  await expect(orders.rows.first()).toBeInViewport({ ratio: 1 });
  expect(orders.errors).toEqual([]);
});

test("of two operators who take one order one wins, and the other is told who and when", async ({ page, browser }) => {
  const alexey = new Orders(page);
  await alexey.openWithRows();
  const boris = await Orders.onAnotherPhone(browser, BORIS);
  await expect(boris.rows.first()).toBeVisible();
  const [id] = await alexey.ids();
  // Long enough that both are on their way.
  await simulator.mes({ write_ms: 800 });

  await Promise.all([alexey.button(id, "Взять").tap(), boris.button(id, "Взять").tap()]);
  for (const phone of [alexey, boris]) {
    await expect(phone.where(id), "shown at once").toContainText("В работе");
    await expect(phone.where(id)).toContainText("сохраняем…");
  }
  await expect(alexey.row(id)).toHaveAttribute("aria-busy", "false");
  await expect(boris.row(id)).toHaveAttribute("aria-busy", "false");
  const [taken] = await simulator.orders(`ids=${id}`);
  expect(taken.status).toBe("started");
  const [winner, loser] = taken.changed_by === "Алексей" ? [alexey, boris] : [boris, alexey];
  await expect(winner.where(id)).toContainText("→ В работе");
  await expect(loser.where(id)).toContainText("Вас опередили");
  await expect(loser.where(id)).toContainText(new RegExp(`Взято: ${taken.changed_by}, \\d\\d:\\d\\d`));
  await expect(winner.button(id, "Вернуть")).toBeVisible();
  await expect(loser.row(id).getByRole("button")).toHaveCount(0);
  await boris.page.context().close();
});

test("an order goes all its way by one tap a step, and its counts with it", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  await expect.poll(() => orders.count("В работе"), { timeout: 20_000 }).toBeGreaterThan(0);
  const started = await orders.count("В работе");
  const [id] = await orders.ids();
  await orders.button(id, "Взять").tap();
  await expect(orders.where(id)).toContainText("→ В работе");
  await expect.poll(() => orders.count("В работе")).toBe(started + 1);
  for (const [tab, verb, next] of [["В работе", "Готово", "Готово"], ["Готово", "На упаковку", "Упаковка"], ["Упаковка", "Отгрузить", "Отгружено"]]) {
    await orders.tab(tab).tap();
    await expect(orders.row(id), "on the next tab").toBeVisible();
    await orders.button(id, verb).tap();
    await expect(orders.where(id)).toContainText(`→ ${next}`);
  }
  const [order] = await simulator.orders(`ids=${id}`);
  expect([order.status, order.changed_by]).toEqual(["shipped", "Алексей"]);
});

test("what was taken by mistake is given back", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  const [, id] = await orders.ids();
  await orders.button(id, "Взять").tap();
  await orders.button(id, "Вернуть").waitFor();
  await page.waitForTimeout(800);
  await orders.button(id, "Вернуть").tap();
  await expect(orders.where(id)).toContainText("К запуску");
  await expect(orders.button(id, "Взять")).toBeVisible();
  expect((await simulator.orders(`ids=${id}`))[0].status).toBe("approved");
});

test("a change elsewhere shows without a reload, and nothing moves", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  await page.evaluate(() => window.scrollTo(0, 1500));
  await orders.poll();
  const ids = await orders.ids();
  const id = ids[10];
  const node = await orders.row(id).elementHandle();
  const positions = await orders.positions();
  await orders.watchRows();

  await simulator.mes({ change: { id, status: "started", by: "Марина" } });
  await expect(orders.where(id)).toContainText("→ В работе", { timeout: 15_000 });
  await expect(orders.where(id)).toContainText(/Марина, \d\d:\d\d/);
  expect(await orders.positions()).toEqual(positions);
  // Ages are told anew now and then; nothing else of the others is touched.
  expect(await orders.changedRows()).toContain(id);
  expect(await orders.changedRows()).not.toContain("the list itself");
  expect(await node!.evaluate((node) => node.isConnected)).toBe(true);
  await expect(orders.pill).toHaveText(/1.ушёл/);

  await orders.pill.tap();
  await expect(orders.row(id)).toHaveCount(0);
  await expect(orders.pill).toHaveCount(0);
});

test("new orders wait behind a button and come in on tap", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows(Orders.link(ALEXEY, { query: "status=submitted" }));
  await orders.poll();
  const positions = await orders.positions();
  const { created } = (await simulator.mes({ create: 2 })).mes;
  await expect(orders.pill).toHaveText(/2.новых/, { timeout: 15_000 });
  expect(await orders.positions()).toEqual(positions);
  await orders.pill.tap();
  for (const id of created) await expect(orders.row(id)).toBeVisible();
  expect((await orders.ids()).slice(0, 2).sort()).toEqual([...created].sort());
});

test("an order is found by its number wherever it stands", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  const [shipped] = await simulator.orders("status=shipped&limit=1");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).searchParams.get("number") ?? ""));
  await orders.search.pressSequentially(shipped.id.toLowerCase(), { delay: 30 });
  await expect(orders.row(shipped.id)).toBeVisible();
  await expect(orders.where(shipped.id)).toContainText("Отгружено");
  expect(new Set(asked.filter(Boolean)), "asked once, when the typing paused").toEqual(new Set([shipped.id]));
  await expect(page.getByRole("tab", { selected: true })).toHaveCount(0);

  await orders.search.fill("9999999");
  await expect(page.getByRole("heading", { name: "Такого номера нет" })).toBeVisible();
  await page.getByRole("button", { name: "Очистить поиск" }).first().tap();
  await expect(orders.search).toHaveValue("");
  await expect(orders.tab("К запуску")).toHaveAttribute("aria-selected", "true");
  await expect(orders.rows.first()).toBeVisible();

  // A tab forgets what was searched for.
  await orders.search.fill(shipped.id);
  await expect(orders.rows).toHaveCount(1);
  await orders.tab("В работе").tap();
  await expect(orders.search).toHaveValue("");
  await expect(orders.where((await simulator.orders("status=started&limit=1"))[0].id)).toBeVisible();
});

test("more orders come as the list is scrolled, none twice", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows(Orders.link(ALEXEY, { query: "status=closed" }));
  while ((await orders.rows.count()) < 140) {
    const before = await orders.rows.count();
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await expect.poll(() => orders.rows.count()).toBeGreaterThan(before);
  }
  const ids = await orders.ids();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual((await simulator.orders(`status=closed&limit=${ids.length}`)).map(({ id }) => id));
});

test("an order opens with the way it went, moves there too, and the list is where it was", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows(Orders.link(ALEXEY, { query: "status=completed" }));
  const id = (await orders.ids())[6];
  await orders.row(id).scrollIntoViewIfNeeded();
  await page.waitForTimeout(200);
  const scrolled = await page.evaluate(() => window.scrollY);
  await orders.row(id).locator("a.open").tap();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(id);
  await expect(page.locator(".detail h1")).toBeFocused();
  expect(new URL(page.url()).searchParams.get("order")).toBe(id);
  const steps = page.locator(".way li");
  await expect(steps.first()).toContainText("Готово");
  await expect(steps.last()).toContainText("На расчёте");
  for (const said of ["Модель", "Отправлен", "Путь заказа"]) await expect(page.locator(".detail")).toContainText(said);
  await page.locator(".detail").getByRole("button", { name: "На упаковку" }).tap();
  await expect(page.locator(".detail .where")).toContainText("Упаковка");
  await expect(steps.first()).toContainText("Упаковка");
  await expect(steps.first()).toContainText("Алексей");

  await page.goBack();
  await expect(orders.where(id)).toContainText("→ Упаковка");
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeCloseTo(scrolled, -1);
  await expect(orders.row(id).locator("a.open")).toBeFocused();
});

test("Telegram's button leads back from an order, and a move is felt", async ({ page }) => {
  const telegram = new Telegram(page, "9.1");
  await telegram.open(Orders.link());
  const orders = new Orders(page);
  await orders.rows.first().locator("a.open").tap();
  await expect.poll(() => telegram.last("web_app_setup_back_button")).toMatchObject({ is_visible: true });
  await expect(page.getByRole("button", { name: "Назад" })).toHaveCount(0);
  await telegram.say("back_button_pressed");
  await expect(orders.rows.first()).toBeVisible();
  await expect.poll(() => telegram.last("web_app_setup_back_button")).toMatchObject({ is_visible: false });
  const [, , id] = await orders.ids();
  await orders.button(id, "Взять").tap();
  await expect.poll(() => telegram.all("web_app_trigger_haptic_feedback").length).toBeGreaterThan(0);
});

test("a link to an order opens it, and one that is not there is told so", async ({ page }) => {
  const orders = new Orders(page);
  await orders.open(Orders.link(ALEXEY, { query: "order=MSK-999999" }));
  await expect(page.getByRole("heading", { name: "Такого заказа нет" })).toBeVisible();
  await page.getByRole("button", { name: "Назад" }).tap();
  await expect(orders.rows.first()).toBeVisible();
});

test("a driver is told whose screen this is, and finds the cargos", async ({ page }) => {
  const orders = new Orders(page);
  await orders.open(Orders.link(DRIVER));
  await expect(page.getByRole("heading", { name: "Этот экран для операторов завода" })).toBeVisible();
  await page.getByRole("link", { name: "К грузам" }).tap();
  await expect(page.locator("li.card").first()).toBeVisible();
  expect(new URL(page.url()).pathname).toBe("/");
});

test("a deep link to the orders leads there with all that Telegram brings", async ({ page }) => {
  const link = new URL(Orders.link());
  link.pathname = "/";
  link.hash += "&tgWebAppStartParam=orders";
  const orders = new Orders(page);
  await orders.openWithRows(link.href);
  expect(new URL(page.url()).pathname).toBe("/orders");
  expect(new URL(page.url()).hash).toContain("tgWebAppData");
});

test("while the factory's system is down the last known orders stay, marked, and nothing is pretended to be saved", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  await orders.poll();
  const ids = await orders.ids();
  await simulator.mes({ weather: "error503" });
  await orders.button(ids[0], "Взять").tap();
  await expect(orders.where(ids[0])).toContainText("Неизвестно, сохранено ли");
  await expect(orders.row(ids[0]).getByRole("button"), "nobody tries again in the dark").toHaveCount(0);
  await expect(orders.status).toContainText("Система завода не отвечает", { timeout: 100_000 });
  await expect(orders.status).toContainText("назад");
  await expect(orders.where(ids[0])).toContainText("Неизвестно, сохранено ли");
  expect(await orders.ids()).toEqual(ids);
  await simulator.mes({ weather: "ok" });
  await expect(orders.status).toContainText("Обновлено", { timeout: 60_000 });
  await expect(orders.where(ids[0])).toContainText("Не сохранено");
  await orders.button(ids[0], "Взять").tap();
  await expect(orders.where(ids[0])).toContainText("→ В работе");
});

test("without a network it says so and goes on by itself", async ({ page, context }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  await context.setOffline(true);
  await expect(orders.status).toContainText("Нет сети");
  const [id] = await orders.ids();
  await context.setOffline(false);
  await simulator.mes({ change: { id, status: "started", by: "Марина" } });
  await expect(orders.where(id)).toContainText("→ В работе", { timeout: 15_000 });
  await expect(orders.status).toContainText("Обновлено");
});

test("a price is calculated with progress, and the second time it is there at once", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  await page.getByRole("button", { name: "Расчёт цены" }).tap();
  await expect(page.getByRole("heading", { level: 1, name: "Расчёт цены" })).toBeFocused();
  await page.getByRole("button", { name: "Посчитать" }).tap();
  await expect(page.getByRole("alert")).toHaveText("Выберите файл модели.");

  const file = model(3_000_000);
  const uploads: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().includes("/api/quotes")) uploads.push(request.url());
  });
  await page.locator("[type=file]").setInputFiles(file);
  await page.getByRole("button", { name: "PETG" }).tap();
  await page.getByLabel("Количество").fill("12");
  await page.getByRole("button", { name: "Посчитать" }).tap();
  await expect(page.getByRole("heading", { name: "Завод считает цену" })).toBeVisible();
  const progress = async () => Number((await page.locator("progress").getAttribute("value")) ?? 0);
  await expect.poll(progress).toBeGreaterThan(5);
  await expect(page.getByRole("heading", { name: "Цена готова" })).toBeVisible({ timeout: 30_000 });
  await expect(page.locator(".sum")).toHaveText(/\d.*₽/);
  await expect(page.locator(".said")).toContainText(/рабоч/);
  expect(uploads).toHaveLength(1);
  expect(uploads[0]).toContain("material=PETG&quantity=12");
  const price = await page.locator(".sum").textContent();

  // Whoever asks the same again sends nothing.
  const again = new Orders(await page.context().newPage());
  await again.open(Orders.link(ALEXEY, { query: "quote" }));
  again.page.on("request", (request) => {
    if (request.method() === "POST" && request.url().includes("/api/quotes")) uploads.push(request.url());
  });
  await again.page.locator("[type=file]").setInputFiles(file);
  await again.page.getByLabel("Материал").fill(" petg ");
  await again.page.getByLabel("Количество").fill("12");
  await again.page.getByRole("button", { name: "Посчитать" }).tap();
  await expect(again.page.locator(".sum")).toHaveText(price!, { timeout: 5_000 });
  expect(uploads).toHaveLength(1);
  // And the address leads there.
  await again.page.reload();
  await expect(again.page.locator(".sum")).toHaveText(price!);
});

test("a calculation that fails says why", async ({ page }) => {
  await simulator.mes({ fail_calculations: 1, calculation_ms: 500 });
  const orders = new Orders(page);
  await orders.open(Orders.link(ALEXEY, { query: "quote" }));
  await page.locator("[type=file]").setInputFiles(model(1_000));
  await page.getByRole("button", { name: "Посчитать" }).tap();
  await expect(page.getByRole("heading", { name: "Завод не смог посчитать" })).toBeVisible();
  await expect(page.locator(".said")).not.toBeEmpty();
});

test("a new build is loaded when nobody touches the page, and once", async ({ page }) => {
  await page.clock.install();
  const orders = new Orders(page);
  await orders.openWithRows();
  await expectToFollowBuilds(page, /\/api\/orders\/\?/);
  await expect(orders.rows.first()).toBeVisible();
});

test("everything is done by keyboard alone", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  await orders.tab("К запуску").focus();
  await page.keyboard.press("ArrowRight");
  await expect(orders.tab("В работе")).toBeFocused();
  await expect(orders.tab("В работе")).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Home");
  await expect(orders.tab("К запуску")).toBeFocused();
  await expect(orders.rows.first()).toBeVisible();
  const [id] = await orders.ids();

  await orders.button(id, "Взять").focus();
  await page.keyboard.press("Enter");
  await expect(orders.where(id)).toContainText("→ В работе");
  await expect(orders.row(id).locator("a.open"), "the button is gone, the focus is not").toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator(".detail h1")).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(orders.row(id).locator("a.open")).toBeFocused();
  await orders.search.focus();
  await page.keyboard.type(id);
  await page.keyboard.press("Enter");
  await expect(orders.rows).toHaveCount(1);
  await orders.search.focus();
  await page.keyboard.press("Escape");
  await expect(orders.search).toHaveValue("");
});

test("text of twice the size is neither cut nor wider than the screen", async ({ page }) => {
  const orders = new Orders(page);
  await orders.openWithRows();
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.screenshot({ path: "../../test-results/orders-large.png" });
  await orders.rows.first().locator("a.open").tap();
  await expect(page.locator(".way li").first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

/** Every screen in both themes and both languages, looked at by axe-core here and by people in test-results. */
for (const language of ["ru", "en"]) {
  test(`every screen of the orders is accessible, ${language}`, async ({ page }) => {
    const orders = new Orders(page);
    const link = (query = "", user = ALEXEY) => Orders.link(user, { language, query });
    const look = (screen: string) => expectGoodInBothThemes(page, `orders-${screen}-${language}`);
    await orders.openWithRows(link());
    await expect(orders.tab(language === "ru" ? "К запуску" : "To start").locator(".count")).toHaveText(/\d/, { timeout: 20_000 });
    await look("list");
    const ids = await orders.ids();
    // One taken by somebody else, one by us, one too late, one that can't be saved.
    await simulator.mes({ change: { id: ids[1], status: "started", by: "Марина" } });
    await orders.row(ids[0]).locator(".step").tap();
    await expect(orders.row(ids[0])).toHaveClass(/away/);
    await expect(orders.row(ids[1])).toHaveClass(/away/, { timeout: 15_000 });
    await page.route("**/api/orders/*/status", (route) => route.fulfill({ status: 503, body: "{}" }));
    await orders.row(ids[2]).locator(".step").tap();
    await expect(orders.row(ids[2])).toHaveClass(/noted/);
    await look("moved");
    await page.unroute("**/api/orders/*/status");
    await orders.open(link("status=started"));
    await page.reload();
    await expect(orders.rows.first()).toBeVisible();
    await look("started");
    await orders.search.fill("10");
    await expect(page.getByRole("tab", { selected: true })).toHaveCount(0);
    await expect(orders.rows.first()).toBeVisible();
    await look("search");
    await orders.search.fill("9999999");
    await expect(page.locator(".notice h2").first()).toBeVisible();
    await look("nothing");
    await orders.search.fill("");
    await orders.rows.first().locator("a.open").tap();
    await expect(page.locator(".way li").first()).toBeVisible();
    await look("order");
    await orders.open(link("quote"));
    await page.reload();
    await page.locator("[type=file]").setInputFiles(model(40_000));
    await page.locator("[type=submit]").tap();
    await expect(page.locator("progress[value]")).toBeVisible();
    await look("calculating");
    await expect(page.locator(".sum")).toBeVisible({ timeout: 30_000 });
    await look("priced");
    await expect(page.locator("html")).toHaveAttribute("lang", language);
    await orders.open(link("", DRIVER));
    await page.reload();
    await expect(page.locator(".notice.leads")).toBeVisible();
    await look("driver");
    expect(orders.errors).toEqual([]);
  });
}

test("the page of the orders may run what is its own and nothing else", async ({ request }) => {
  const answer = await request.get(new URL("/orders", ofLane("LOADBOARD_LINK")).href);
  const policy = answer.headers()["content-security-policy"];
  expect(policy).toContain("frame-ancestors https://web.telegram.org");
  expect(policy).not.toContain("unsafe-inline");
});
