// An old phone, as Chromium plays one: what the benchmarks of the app share.

import { chromium } from "@playwright/test";

export const link = required("LOADBOARD_LINK");

export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this with \`cargo xtask bench\``);
  return value;
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      // As on a phone where Telegram's script is blocked: no benchmark of ours waits for somebody else's server. Playwright's
      // own way to block it would switch the cache off.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
    ],
  });
}

/** A page on a phone, with a DevTools session to slow it down by. */
export async function phone(context) {
  const page = await context.newPage();
  return { page, devtools: await context.newCDPSession(page) };
}

export const newContext = (browser) =>
  browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, locale: "ru-RU" });

/** Chromium's "Slow 4G". */
export const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 };

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
