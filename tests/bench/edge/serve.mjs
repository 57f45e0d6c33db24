// The Worker on workerd itself, until this is ended: for measurements in which the development proxy would be most of the figure.
//
//   node tests/bench/edge/serve.mjs --port N [--var NAME:VALUE]...

import { parseArgs } from "node:util";
import { ours } from "./workerd.mjs";

const { values } = parseArgs({ options: { port: { type: "string" }, var: { type: "string", multiple: true } } });
const changed = Object.fromEntries((values.var ?? []).map((pair) => [pair.slice(0, pair.indexOf(":")), pair.slice(pair.indexOf(":") + 1)]));
const { port } = await ours("worker", changed, Number(values.port));
console.log(`http://127.0.0.1:${port}`);
