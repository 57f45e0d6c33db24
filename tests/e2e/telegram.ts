// Telegram around the app, played at the border where clients meet web pages: what the page tells a client goes through
// TelegramWebviewProxy, what a client tells the page comes in through Telegram.WebView. Between them runs Telegram's own
// script, as the package @twa-dev/sdk carries it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, type Page } from "@playwright/test";
import { Board } from "./board";

// Beside the package's own entry, which only modules of a bundler can use.
const SCRIPT = readFileSync(join(dirname(createRequire(__filename).resolve("@twa-dev/sdk")), "telegram-web-apps.js"), "utf8");

/** A client of some version, and what it was told. */
export class Telegram {
  readonly told: { event: string; data: any }[] = [];

  constructor(
    readonly page: Page,
    readonly version: string,
    /** What the driver's account keeps, on whatever device. */
    readonly cloud: Record<string, string> = {},
  ) {}

  /** The link as this client opens it. */
  link(changed: Record<string, string> = {}): string {
    const link = new URL(Board.link());
    const fragment = new URLSearchParams(link.hash.slice(1));
    for (const [name, value] of Object.entries({ tgWebAppVersion: this.version, tgWebAppPlatform: "android", ...changed })) fragment.set(name, value);
    link.hash = fragment.toString().replace(/\+/g, "%20");
    return link.href;
  }

  async open(link = this.link()) {
    await this.page.exposeFunction("telegramIsTold", (event: string, data: string) => this.hear(event, JSON.parse(data || "null")));
    await this.page.addInitScript(() => {
      (window as any).TelegramWebviewProxy = { postEvent: (event: string, data: string) => (window as any).telegramIsTold(event, data) };
    });
    await this.page.route("https://telegram.org/js/telegram-web-app.js", (route) =>
      route.fulfill({ contentType: "text/javascript", body: SCRIPT }),
    );
    await this.page.goto(link);
    await expect.poll(() => this.all("web_app_ready").length).toBeGreaterThan(0);
  }

  /** Tells the page something. */
  async say(event: string, data: object = {}) {
    await this.page.evaluate(([event, data]) => (window as any).Telegram.WebView.receiveEvent(event, data), [event, data] as const);
  }

  /** What the page has told of this. */
  all(event: string): any[] {
    return this.told.filter((told) => told.event === event).map((told) => told.data);
  }

  last(event: string): any {
    return this.all(event).at(-1);
  }

  private async hear(event: string, data: any) {
    this.told.push({ event, data });
    if (event !== "web_app_invoke_custom_method") return;
    const { method, params, req_id } = data;
    if (method === "saveStorageValue") this.cloud[params.key] = params.value;
    const result =
      method === "getStorageValues" ? Object.fromEntries(params.keys.map((key: string) => [key, this.cloud[key] ?? ""])) : true;
    await this.say("custom_method_invoked", { req_id, result });
  }
}
