// The order board as an operator sees it.

import { createHmac } from "node:crypto";
import { expect, type Browser, type Locator, type Page } from "@playwright/test";
import { ofLane, required } from "./simulator";

/** Those at the machines, by .dev.vars.example, and a driver. */
export const ALEXEY = 5_000_000_001;
export const BORIS = 5_000_000_002;
export const DRIVER = 5_000_000_099;

export class Orders {
  readonly rows: Locator;
  readonly status: Locator;
  readonly pill: Locator;
  readonly search: Locator;
  /** Every error that the page threw or said. */
  readonly errors: string[] = [];

  constructor(readonly page: Page) {
    this.rows = page.locator("li.order").filter({ visible: true });
    this.status = page.getByRole("status").filter({ visible: true });
    this.pill = page.locator(".pill").filter({ visible: true });
    this.search = page.getByRole("searchbox");
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && /Content.Security|panicked/.test(message.text())) this.errors.push(message.text());
    });
  }

  /** The link as Telegram makes it for this person. */
  static link(user = ALEXEY, { theme, language = "ru", query = "" }: { theme?: object; language?: string; query?: string } = {}): string {
    const link = new URL(ofLane("LOADBOARD_LINK"));
    const fragment = new URLSearchParams(link.hash.slice(1));
    fragment.set("tgWebAppData", initData(user, language));
    if (theme) fragment.set("tgWebAppThemeParams", JSON.stringify(theme));
    link.pathname = "/orders";
    link.search = query;
    link.hash = fragment.toString().replace(/\+/g, "%20");
    return link.href;
  }

  /** Somebody else's phone. */
  static async onAnotherPhone(browser: Browser, user: number): Promise<Orders> {
    const context = await browser.newContext({ locale: "ru-RU", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const orders = new Orders(await context.newPage());
    await orders.open(Orders.link(user));
    return orders;
  }

  async open(link = Orders.link()) {
    await this.page.route("https://telegram.org/**", (route) => route.abort());
    await this.page.goto(link);
  }

  async openWithRows(link = Orders.link()) {
    await this.open(link);
    await expect(this.rows.first()).toBeVisible();
  }

  row(id: string): Locator {
    return this.page.locator(`li.order[data-id="${id}"]`);
  }

  where(id: string): Locator {
    return this.row(id).locator(".where");
  }

  button(id: string, name: string): Locator {
    return this.row(id).getByRole("button", { name });
  }

  tab(name: string): Locator {
    return this.page.getByRole("tab", { name });
  }

  async count(name: string): Promise<number> {
    return Number((await this.tab(name).locator(".count").textContent())!.replace(/\s/g, "") || NaN);
  }

  async ids(): Promise<string[]> {
    return this.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute("data-id")!));
  }

  async positions(): Promise<Record<string, number>> {
    return this.rows.evaluateAll((rows) =>
      Object.fromEntries(rows.map((row) => [row.getAttribute("data-id"), Math.round(row.getBoundingClientRect().top)])),
    );
  }

  /** From now on notes which rows change in any way. */
  async watchRows() {
    await this.page.evaluate(() => {
      const changed = new Set<string>();
      (window as any).changedRows = changed;
      new MutationObserver((records) => {
        for (const { target } of records) {
          const element = target instanceof Element ? target : target.parentElement;
          changed.add(element?.closest("li.order")?.getAttribute("data-id") ?? "the list itself");
        }
      }).observe(document.querySelector("ul.cards")!, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  }

  async changedRows(): Promise<string[]> {
    return this.page.evaluate(() => [...(window as any).changedRows]);
  }

  /** The next answer to a poll. */
  async poll() {
    return this.page.waitForResponse((response) => new URL(response.url()).pathname === "/api/orders/", { timeout: 30_000 });
  }
}

/** Telegram's word for who has opened the app, signed as the bot's owner can. */
function initData(user: number, language: string): string {
  const pairs = {
    auth_date: String(Math.floor(Date.now() / 1000)),
    query_id: "AAHdF6IQAAAAAN0XohDhrOrc",
    user: JSON.stringify({ id: user, first_name: "Оператор", language_code: language }),
  };
  const check = Object.entries(pairs).map(([name, value]) => `${name}=${value}`).join("\n");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const hash = hmac(hmac("WebAppData", required("LOADBOARD_BOT_TOKEN")), check).toString("hex");
  return new URLSearchParams({ ...pairs, hash }).toString().replace(/\+/g, "%20");
}
