// Journeys of a driver through the app, on a phone, against the running Worker and simulator.
// Set by `cargo xtask test`: LOADBOARD_LINK (signed links) and SIM_URL, a word for each lane, and CHROME (the browser to use).
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results",
  // The tests of a lane share one simulator, whose weather they change.
  workers: process.env.LOADBOARD_LINK?.split(" ").length ?? 1,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    locale: "ru-RU",
    timezoneId: "Europe/Moscow",
    screenshot: "only-on-failure",
    // A trace of everything costs more than the tests themselves: TRACE=on when one is wanted.
    trace: process.env.TRACE ? "on" : "off",
    launchOptions: {
      executablePath: process.env.CHROME,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
