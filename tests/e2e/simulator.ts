// The simulator's controls, as the tests use them.

const url = ofLane("SIM_URL");

export type Weather = {
  kind: "ok" | "error500" | "error503" | "error429" | "hang" | "malformed" | "html" | "empty" | "odd";
  endpoint?: string;
  latency_ms?: number;
  times?: number;
};

export type Prices = { prices: Record<string, number | null>; order: { my: string[]; all: string[] } };

export type Order = { id: string; status: string; version: number; changed_by: string; part: string; price_kopecks: number | null };

/** What this setting says to the lane that the test runs in. */
export function ofLane(name: string): string {
  const lane = Number(process.env.TEST_PARALLEL_INDEX ?? 0);
  return required(name).split(" ")[lane];
}

export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests with \`cargo xtask test --only e2e\``);
  return value;
}

async function answer(path: string, body?: object): Promise<any> {
  const response = await fetch(`${url}${path}`, {
    method: body ? "POST" : "GET",
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

export const simulator = {
  /** Fair weather and a world that moves only when told to. */
  still: () => answer("/_control", { weather: [], walk_ms: 0, churn_ms: 0 }),
  weather: (...weather: Weather[]) => answer("/_control", { weather }),
  setPrice: (id: string, kopecks: number | null) => answer("/_control", { set_price: { id, kopecks } }),
  remove: (id: string) => answer("/_control", { remove: [id] }),
  /** Adds cargos on top of both lists and tells their ids. */
  add: async (count: number): Promise<string[]> => (await answer("/_control", { add: count })).added,
  /** The factory's system in fair weather. */
  mesWell: () => answer("/_control", { mes: { weather: "ok", slow_factor: 1, write_ms: 40, fail_calculations: 0, calculation_ms: 6000 } }),
  mes: (told: object) => answer("/_control", { mes: told }),
  /** The factory's orders as they are, newest first. */
  orders: async (query: string): Promise<Order[]> => (await answer(`/_orders?${query}`)).orders,
  prices: (): Promise<Prices> => answer("/_prices"),
  stats: () => answer("/_stats"),
};
