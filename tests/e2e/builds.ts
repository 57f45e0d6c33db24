// Pages and the builds that the edge says it serves.

import { expect, type Page } from "@playwright/test";

/** Expects that an open page is loaded anew when the edge serves another build: once, and not under anybody's hands. Its time is played. */
export async function expectToFollowBuilds(page: Page, polls: RegExp) {
  let loads = 0;
  page.on("load", () => (loads += 1));
  const minutes = async (count: number) => {
    for (let second = 0; second < count * 60; second += 10) {
      await page.clock.runFor(10_000);
      await page.waitForTimeout(50);
    }
  };
  const served = page.waitForResponse(polls);
  await minutes(4);
  expect(await (await served).headerValue("x-build")).not.toBeNull();
  expect(loads, "it is what is served").toBe(0);

  await page.route(polls, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "x-build": "another" } });
  });
  await page.locator("h1, header").first().dispatchEvent("pointerdown");
  await minutes(1);
  expect(loads, "not under anybody's hands").toBe(0);
  await minutes(3);
  expect(loads).toBe(1);
  await minutes(4);
  expect(loads, "once").toBe(1);
}
