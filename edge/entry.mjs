// Where the platform comes in: the program, and what is answered when it breaks off. A panic ends its instance, and with it all
// that was under way there; the next request begins another. Without this whoever asked would get the platform's own page, or
// wait until the platform notices.

import Worker, * as built from "./build/index.js";
import { respond } from "./src/border.js";

export * from "./build/index.js";

const INTERNAL = { type: "/problems/internal", title: "Something went wrong on our side.", status: 500 };
const OUTCOME_UNKNOWN = {
  type: "/problems/outcome-unknown",
  title: "Something went wrong on our side: the order may have been moved or not. Look before you try again.",
  status: 504,
};

class BrokenOff extends Error {}

// For each request under way, what ends its wait: nothing of the instance that it waits for goes on.
const waiting = new Set();
const endAll = (error) => {
  for (const end of waiting) end(new BrokenOff(String(error), { cause: error }));
};
// Where a program breaks off that has waited for something, nobody else is told.
addEventListener("error", ({ error }) => endAll(error));

const orBrokenOff = (answer) => {
  let end;
  const brokenOff = new Promise((_, reject) => waiting.add((end = reject)));
  return Promise.race([answer, brokenOff]).finally(() => waiting.delete(end));
};

// An object that breaks off ends its instance, too, and others may be under way in it: its own callers, and whoever else is served
// by this isolate. It throws, and is begun anew when it is asked again.
const begun = (begin) => {
  try {
    return orBrokenOff(begin());
  } catch (error) {
    endAll(error);
    throw error;
  }
};

const watched = (Built) =>
  class extends Built {
    fetch(request) {
      return begun(() => super.fetch(request));
    }

    alarm() {
      return begun(() => super.alarm());
    }
  };

export const Metrics = watched(built.Metrics);
export const OrderBoard = watched(built.OrderBoard);
export const PriceHistories = watched(built.PriceHistories);
export const Quotes = watched(built.Quotes);
export const Refresher = watched(built.Refresher);
export const UpstreamGuard = watched(built.UpstreamGuard);

const problem = (request, error) => {
  const where = (error.cause ?? error).stack;
  const line = { level: "error", event: "broke_off", request: request.headers.get("cf-ray"), error: String(error), where };
  console.error(JSON.stringify(line));
  // An order on its way to another status.
  const told = /\/status\/?$/.test(new URL(request.url).pathname) ? OUTCOME_UNKNOWN : INTERNAL;
  const body = new TextEncoder().encode(JSON.stringify(told));
  return respond(told.status, body, "content-type\napplication/problem+json\ncache-control\nno-store\nvary\nauthorization, origin");
};

export default class extends Worker {
  // Not async: an answer that took no I/O is no promise, and making it one costs as much as the answer.
  fetch(request) {
    const failed = (error) => problem(request, error);
    try {
      const answer = super.fetch(request);
      if (!(answer instanceof Promise)) return answer;
      return orBrokenOff(answer).catch((error) => {
        // It may have been another request that broke off. This one is begun anew, once, if it can be: what is read can.
        if (!(error instanceof BrokenOff) || !["GET", "HEAD"].includes(request.method)) return failed(error);
        const again = super.fetch(request);
        return again instanceof Promise ? orBrokenOff(again).catch(failed) : again;
      }).catch(failed);
    } catch (error) {
      endAll(error);
      return failed(error);
    }
  }
}
