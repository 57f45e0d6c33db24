// The board as a driver sees it.

import { expect, type Locator, type Page, type Request } from "@playwright/test";
import { ofLane } from "./simulator";

/** A price as the board writes it. */
export function priceText(kopecks: number | null): string {
  if (!kopecks) return "—";
  const roubles = Math.floor(kopecks / 100).toString().replace(/\B(?=(\d{3})+$)/g, "\u00a0");
  const rest = kopecks % 100;
  return `${roubles}${rest ? `,${String(rest).padStart(2, "0")}` : ""}\u00a0₽`;
}

/** Telegram's dark theme on Android. */
export const DARK = {
  bg_color: "#17212b",
  secondary_bg_color: "#232e3c",
  section_bg_color: "#17212b",
  text_color: "#f5f5f5",
  subtitle_text_color: "#708499",
  hint_color: "#708499",
  link_color: "#6ab3f3",
  button_color: "#5288c1",
  button_text_color: "#ffffff",
};

export class Board {
  readonly cards: Locator;
  readonly status: Locator;
  readonly pill: Locator;
  /** Everything that the page said to the console, and every error it threw. */
  readonly said: string[] = [];
  readonly errors: string[] = [];

  constructor(readonly page: Page) {
    this.cards = page.locator("li.card").filter({ visible: true });
    this.status = page.getByRole("status").filter({ visible: true });
    // By role: what is hidden is not found.
    this.pill = page.getByRole("button", { name: /новы/ });
    page.on("console", (message) => {
      this.said.push(message.text());
      if (message.type() === "error") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  static link(): string {
    return ofLane("LOADBOARD_LINK");
  }

  /** The link as Telegram makes it where these are its colours. */
  static linkWithTheme(theme: object): string {
    const link = new URL(Board.link());
    const fragment = new URLSearchParams(link.hash.slice(1));
    fragment.set("tgWebAppThemeParams", JSON.stringify(theme));
    link.hash = fragment.toString().replace(/\+/g, "%20");
    return link.href;
  }

  /** Opens the link. Telegram's own script can't be loaded, as on a phone where it is blocked. */
  async open(link = Board.link()) {
    await this.page.route("https://telegram.org/**", (route) => route.abort());
    await this.page.goto(link);
  }

  async openWithCards(link = Board.link()) {
    await this.open(link);
    await expect(this.cards).toHaveCount(20);
  }

  card(id: string): Locator {
    return this.page.locator(`#cargo-${id}`);
  }

  price(id: string): Locator {
    return this.card(id).locator(".price");
  }

  /** The words on a card whose cargo is gone. */
  farewell(id: string): Locator {
    return this.card(id).getByText("Груз снят");
  }

  async ids(): Promise<string[]> {
    return this.cards.evaluateAll((cards) => cards.map((card) => card.id.replace("cargo-", "")));
  }

  async scrollTo(count: number) {
    while ((await this.cards.count()) < count) {
      const before = await this.cards.count();
      await this.page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
      await expect.poll(() => this.cards.count(), { message: `more than ${before} cards` }).toBeGreaterThan(before);
    }
  }

  /** Where every card stands in the window. */
  async positions(): Promise<Record<string, number>> {
    return this.cards.evaluateAll((cards) =>
      Object.fromEntries(cards.map((card) => [card.id, Math.round(card.getBoundingClientRect().top)])),
    );
  }

  /** From now on notes which cards change in any way. */
  async watchCards() {
    await this.page.evaluate(() => {
      const list = document.querySelector("li.card")!.parentElement!;
      const changed = new Set<string>();
      (window as any).changedCards = changed;
      new MutationObserver((records) => {
        for (const record of records) {
          const element = record.target instanceof Element ? record.target : record.target.parentElement;
          changed.add(element?.closest("li.card")?.id ?? "the list itself");
        }
      }).observe(list, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  }

  async changedCards(): Promise<string[]> {
    return this.page.evaluate(() => [...(window as any).changedCards]);
  }

  /** The next answer to a poll. */
  async poll() {
    return this.page.waitForResponse((response) => isPoll(response.request()), { timeout: 30_000 });
  }
}

export function isPoll(request: Request): boolean {
  return new URL(request.url()).pathname === "/api/cargos/prices/";
}
