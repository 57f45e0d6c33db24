// The app in Telegram's clients, old and new, with Telegram's own script.

import { expect } from "@playwright/test";
import { Board, DARK, isPoll } from "./board";
import { expectAccessible } from "./accessibility";
import { test } from "./policy";
import { simulator } from "./simulator";
import { Telegram } from "./telegram";

test.beforeEach(async () => {
  await simulator.still();
});

/** What each version added of what the app uses. The colour of the header is not here: Telegram's script tells its own to all. */
const SINCE: Record<string, string> = {
  web_app_setup_back_button: "6.1",
  web_app_trigger_haptic_feedback: "6.1",
  web_app_open_tg_link: "6.1",
  web_app_open_link: "6.1",
  web_app_setup_closing_behavior: "6.2",
  web_app_invoke_custom_method: "6.9",
};

const has = (version: string, since: string) => {
  const [a, b] = [version, since].map((text) => text.split(".").map(Number));
  return a[0] > b[0] || (a[0] === b[0] && a[1] >= b[1]);
};

for (const version of ["6.0", "7.10", "9.1"]) {
  test(`from the first card to a call in version ${version}, and nothing it can't do is asked of it`, async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const telegram = new Telegram(page, version);
    const board = new Board(page);
    await telegram.open(telegram.link({ tgWebAppThemeParams: JSON.stringify(version === "7.10" ? DARK : {}) }));
    await expect(board.cards).toHaveCount(20);
    await expect.poll(() => telegram.all("web_app_expand").length).toBe(1);

    await page.getByRole("button", { name: "Фильтры" }).tap();
    await page.getByRole("radio", { name: "Все" }).check();
    await page.getByRole("button", { name: "Показать грузы" }).tap();
    await expect(board.cards).toHaveCount(20);

    const [id] = await board.ids();
    await board.card(id).getByRole("button", { name: "Следить за грузом" }).tap();
    await board.card(id).locator("a.open").tap();
    await expect(page.locator(".facts")).toBeVisible();
    const back = page.getByRole("button", { name: "Назад" });
    await expect(back, "one button to go back, not two").toHaveCount(has(version, "6.1") ? 0 : 1);

    await page.getByRole("button", { name: "Поделиться" }).tap();
    if (has(version, "6.1")) {
      const { path_full } = telegram.last("web_app_open_tg_link");
      expect(path_full).toMatch(/^\/share\/url\?url=/);
      expect(decodeURIComponent(path_full)).toContain(`/?cargo=${id}`);
    } else {
      await expect(page.getByText("Ссылка скопирована")).toBeVisible();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`/?cargo=${id}`);
    }

    const phone = page.locator(".phone").first();
    const number = (await phone.locator("a").textContent())!.trim();
    await phone.getByRole("button", { name: /Скопировать/ }).tap();
    await expect(page.getByText("Скопировано", { exact: true })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(number);
    // Links to numbers fail in some clients; windows for them do not.
    await page.evaluate(() => {
      window.open = (url) => ((window as any).called = url) && null;
    });
    await phone.locator("a").tap();
    expect(await page.evaluate(() => (window as any).called)).toMatch(/^tel:\+?\d+$/);

    if (has(version, "6.1")) {
      await expect.poll(() => telegram.last("web_app_setup_back_button")).toMatchObject({ is_visible: true });
      await telegram.say("back_button_pressed");
    } else {
      await back.tap();
    }
    await expect(board.card(id)).toBeInViewport();
    for (const [event, since] of Object.entries(SINCE)) {
      if (!has(version, since)) expect(telegram.all(event), event).toEqual([]);
    }
    expect(telegram.all("web_app_trigger_haptic_feedback").length > 0).toBe(has(version, "6.1"));
    expect(board.errors).toEqual([]);
    await expectAccessible(page);
  });
}

test("one touch of Telegram's button is one step back, however often cargos were opened", async ({ page }) => {
  const telegram = new Telegram(page, "9.1");
  const board = new Board(page);
  await telegram.open();
  await expect(board.cards).toHaveCount(20);
  const ids = await board.ids();
  for (const id of ids.slice(0, 3)) {
    await board.card(id).locator("a.open").tap();
    await expect(page.locator(".facts")).toBeVisible();
    await telegram.say("back_button_pressed");
    await expect(board.card(id)).toBeInViewport();
    await expect.poll(() => telegram.last("web_app_setup_back_button")).toMatchObject({ is_visible: false });
  }
  // An open sheet is what goes first.
  await board.card(ids[1]).locator("a.open").tap();
  await expect(page.locator(".facts")).toBeVisible();
  await telegram.say("back_button_pressed");
  await page.getByRole("button", { name: "Фильтры" }).tap();
  await expect(page.getByRole("dialog")).toBeVisible();
  await telegram.say("back_button_pressed");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(board.cards).toHaveCount(20);
});

test("closing asks only while filters would be lost", async ({ page }) => {
  const telegram = new Telegram(page, "9.1");
  const board = new Board(page);
  await telegram.open();
  await expect(board.cards).toHaveCount(20);
  const asks = () => telegram.last("web_app_setup_closing_behavior")?.need_confirmation ?? false;
  await page.getByRole("button", { name: "Фильтры" }).tap();
  expect(asks()).toBe(false);
  await page.locator("[name=price-0]").fill("5000");
  await expect.poll(asks).toBe(true);
  await page.locator("[name=price-0]").fill("");
  await expect.poll(asks, { message: "nothing is left to lose" }).toBe(false);
  await page.locator("[name=price-0]").fill("5000");
  await page.getByRole("button", { name: "Показать грузы" }).tap();
  await expect.poll(asks).toBe(false);
});

test("choices are felt, and refusals", async ({ page }) => {
  const telegram = new Telegram(page, "9.1");
  const board = new Board(page);
  await telegram.open();
  await expect(board.cards).toHaveCount(20);
  const felt = () => telegram.last("web_app_trigger_haptic_feedback");
  await page.getByRole("button", { name: "Фильтры" }).tap();
  await expect.poll(felt).toMatchObject({ type: "impact" });
  await page.getByRole("radio", { name: "20 т, 83 м³" }).check();
  await expect.poll(felt).toMatchObject({ type: "selection_change" });
  await page.locator("[name=price-0]").fill("много");
  await page.getByRole("button", { name: "Показать грузы" }).tap();
  await expect.poll(felt).toMatchObject({ type: "notification", notification_type: "error" });
});

test("filters and stars follow the driver to his other phone", async ({ page, browser }) => {
  const first = new Telegram(page, "9.1");
  const board = new Board(page);
  await first.open();
  await expect(board.cards).toHaveCount(20);
  const [id] = await board.ids();
  await board.card(id).getByRole("button", { name: "Следить за грузом" }).tap();
  await page.getByRole("button", { name: "Фильтры" }).tap();
  await page.getByRole("radio", { name: "20 т, 83 м³" }).check();
  await page.getByRole("button", { name: "Показать грузы" }).tap();
  await expect(page.locator(".chip.on")).toHaveCount(1);
  await expect.poll(() => Object.keys(first.cloud).length).toBe(2);

  const context = await browser.newContext({ locale: "ru-RU", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const other = await context.newPage();
  await new Telegram(other, "7.10", first.cloud).open();
  await expect(other.locator(".chip.on")).toHaveText([/≤ 20 т/]);
  await expect(other.getByRole("tab", { name: /Избранное/ })).toContainText("1");
  await context.close();
});

test("an app that is not in front does not poll, and polls at once when it is again", async ({ page }) => {
  const telegram = new Telegram(page, "9.1");
  const board = new Board(page);
  await telegram.open();
  await expect(board.cards).toHaveCount(20);
  await board.poll();
  let polls = 0;
  page.on("request", (request) => (polls += isPoll(request) ? 1 : 0));
  await telegram.say("visibility_changed", { is_visible: false });
  const before = polls;
  await page.waitForTimeout(13_000);
  expect(polls).toBe(before);
  const poll = board.poll();
  const returned = Date.now();
  await telegram.say("visibility_changed", { is_visible: true });
  await poll;
  expect(Date.now() - returned, "at once").toBeLessThan(3_000);
});

test("the client's colours and bars are obeyed as they change", async ({ page }) => {
  const telegram = new Telegram(page, "9.1");
  const board = new Board(page);
  await telegram.open();
  await expect(board.cards).toHaveCount(20);
  const scheme = () => page.evaluate(() => document.documentElement.dataset.scheme);
  const bar = () => page.locator(".board .bar").evaluate((bar) => parseFloat(getComputedStyle(bar).paddingTop));
  expect(await scheme()).toBe("light");
  await telegram.say("theme_changed", { theme_params: DARK });
  await expect.poll(scheme).toBe("dark");
  // By its name in the theme: the client follows that by itself.
  expect(telegram.last("web_app_set_header_color")).toEqual({ color_key: "secondary_bg_color" });
  const before = await bar();
  await telegram.say("safe_area_changed", { top: 30, bottom: 10, left: 0, right: 0 });
  await telegram.say("content_safe_area_changed", { top: 46, bottom: 0, left: 0, right: 0 });
  await expect.poll(bar, { message: "both areas count" }).toBe(before + 76);
});

test("text twice as large stays in its place", async ({ page }) => {
  const board = new Board(page);
  await board.openWithCards();
  await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
  // A phone would widen the window.
  const overflow = () => page.evaluate(() => Math.max(...[document.documentElement, document.querySelector("dialog")].map((box) => (box?.scrollWidth ?? 0) - 390)));
  expect(await overflow(), "nothing is cut off or scrolls sideways").toBeLessThanOrEqual(0);
  await page.screenshot({ path: "../../test-results/list-large-text.png" });
  await page.getByRole("button", { name: "Фильтры" }).tap();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(await overflow()).toBeLessThanOrEqual(0);
  await page.screenshot({ path: "../../test-results/filters-large-text.png" });
  await page.keyboard.press("Escape");
  await board.cards.first().locator("a.open").tap();
  await expect(page.locator(".facts")).toBeVisible();
  expect(await overflow()).toBeLessThanOrEqual(0);
  await page.screenshot({ path: "../../test-results/cargo-large-text.png" });
  await expectAccessible(page);
});

test("whoever wants less motion sees none", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const board = new Board(page);
  await board.openWithCards();
  const [id] = await board.ids();
  await simulator.setPrice(id, 9_999_900);
  await expect(board.price(id)).toHaveClass(/up/, { timeout: 25_000 });
  const running = await page.evaluate(() => document.getAnimations().filter((animation) => animation.playState === "running").length);
  expect(running).toBe(0);
});

test("beyond five hundred cards all are polled in turn, those in view first", async ({ page }) => {
  const board = new Board(page);
  const link = new URL(Board.link());
  link.search = "mode=all";
  await board.open(link.href);
  await expect(board.cards).toHaveCount(20);
  await board.scrollTo(560);
  const ids = await board.ids();
  const windows: string[] = [];
  page.on("request", (request) => {
    if (isPoll(request)) windows.push(new URL(request.url()).searchParams.get("offset") ?? "0");
  });
  const [early, late] = [ids[3], ids.at(-1)!];
  await simulator.setPrice(late, 7_654_300);
  await simulator.setPrice(early, 3_456_700);
  await expect(board.price(late), "in view").toHaveText(/76.543/, { timeout: 25_000 });
  await expect(board.price(early), "in its turn").toHaveText(/34.567/, { timeout: 40_000 });
  expect(new Set(windows).size).toBeGreaterThan(1);
  await expect(page.locator("li.card.gone")).toHaveCount(0);
});
