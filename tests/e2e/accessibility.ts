// What axe-core finds wrong with what is on the screen.

import axe from "axe-core";
import { expect, type Page } from "@playwright/test";

/** Expects that nothing is wrong with the page as it is. */
export async function expectAccessible(page: Page) {
  // Evaluated, not added as a script: the page's own rules allow no foreign one.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations } = await (window as any).axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }: any) => ({ id, nodes: nodes.map((node: any) => node.html.slice(0, 160) + " " + node.failureSummary) }));
  });
  expect(violations).toEqual([]);
}
