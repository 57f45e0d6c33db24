// What axe-core finds wrong with what is on the screen.

import axe from "axe-core";
import { expect, type Page } from "@playwright/test";
import { DARK } from "./board";

/** Expects that nothing is wrong with the page as it is. */
export async function expectAccessible(page: Page) {
  // Evaluated, not added as a script: the page's own rules allow no foreign one.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    // Rows are alike: the first eight stand for all.
    const exclude = [["li.card:nth-child(n+9)"], ["li.order:nth-child(n+9)"]];
    const { violations } = await (window as any).axe.run({ exclude }, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }: any) => ({ id, nodes: nodes.map((node: any) => node.html.slice(0, 160) + " " + node.failureSummary) }));
  });
  expect(violations).toEqual([]);
}

/** The same in Telegram's light theme and in its dark one, and a picture of each in test-results. */
export async function expectGoodInBothThemes(page: Page, screen: string) {
  for (const [theme, colours] of Object.entries({ light: {}, dark: DARK })) {
    await page.evaluate(([theme, colours]) => {
      const root = document.documentElement;
      for (const name of Object.values(root.style).filter((name) => name.startsWith("--tg-theme-"))) root.style.removeProperty(name);
      for (const [name, colour] of Object.entries(colours)) root.style.setProperty(`--tg-theme-${name.replace(/_/g, "-")}`, colour);
      root.dataset.scheme = theme;
    }, [theme, colours] as const);
    await page.waitForTimeout(400);
    await page.screenshot({ path: `../../test-results/${screen}-${theme}.png` });
    await expectAccessible(page);
  }
}
