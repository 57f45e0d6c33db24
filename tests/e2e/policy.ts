// Every journey is made under the headers that the app ships with, and does nothing that they forbid.

import { expect, test as anyTest, type BrowserContext } from "@playwright/test";
import { Board } from "./board";

export const test = anyTest.extend<{ policy: void }>({
  policy: [
    async ({ browser }, use) => {
      const { origin } = new URL(Board.link());
      const policies: (string | undefined)[] = [];
      const forbidden: string[] = [];
      let pages = 0;
      const watch = (context: BrowserContext) => {
        context.on("page", () => (pages += 1));
        context.on("response", (response) => {
          const isPage = response.request().isNavigationRequest() && response.url().startsWith(origin);
          if (isPage) policies.push(response.headers()["content-security-policy"]);
        });
        context.on("console", (message) => {
          if (/content security policy/i.test(message.text())) forbidden.push(message.text());
        });
      };
      browser.on("context", watch);
      await use();
      browser.off("context", watch);
      expect(forbidden, "nothing is done that the policy forbids").toEqual([]);
      // Some only look at answers.
      if (pages > 0) expect(policies.length, "pages of the app were opened").toBeGreaterThan(0);
      for (const policy of policies) {
        expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
        expect(policy).not.toMatch(/'unsafe-(inline|eval)'/);
      }
    },
    { auto: true },
  ],
});
