// What a phone loads, and which part of the program comes from where.
//
//   cargo xtask bench size
//
// SHIPPED is the folder that ships; NAMED holds the same program with the names of its functions.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const { SHIPPED: shipped, NAMED: named } = process.env;
if (!shipped || !named) throw new Error("SHIPPED and NAMED are not set: run this with `cargo xtask bench size`");
const number = (value, width = 9) => `${value}`.padStart(width);

const pages = readdirSync(shipped).filter((file) => file.endsWith(".html"));
for (const page of pages) {
  // What a page needs is named in it.
  const html = readFileSync(join(shipped, page), "utf8");
  const totals = [0, 0];
  console.log("\n     bytes  gzipped");
  for (const file of [page, ...readdirSync(shipped).filter((file) => file !== page && html.includes(file))]) {
    const content = readFileSync(join(shipped, file));
    const sizes = [content.length, gzipSync(content, { level: 9 }).length];
    sizes.forEach((size, i) => (totals[i] += size));
    console.log(`${number(sizes[0], 10)}${number(sizes[1])}  ${file}`);
  }
  console.log(`${number(totals[0], 10)}${number(totals[1])}  all of ${page} (${(totals[1] / 1024).toFixed(1)} KB gzipped)`);
}
console.log();

const programOf = (folder) => readdirSync(folder).find((file) => /^loadboard-\w+_bg\.wasm$/.test(file));
const { sections, functions } = parse(readFileSync(join(named, programOf(named))));
const whole = Object.values(sections).reduce((sum, size) => sum + size, 0);
const program = gzipSync(readFileSync(join(shipped, programOf(shipped))), { level: 9 }).length;
const groups = new Map();
const add = (name, size) => groups.set(name, (groups.get(name) ?? 0) + size);
functions.forEach(({ name, size }) => add(crateOf(name), size));
for (const [name, size] of Object.entries(sections)) if (name !== "code") add(`(${name})`, size);

console.log("The drivers' program, by the crate that each function is named after: code made from a crate's generics for ours counts as");
console.log("whoever's the name begins with. Gzipped is each one's share of the whole.\n");
console.log("    bytes  gzipped");
const rows = [...groups].sort((a, b) => b[1] - a[1]);
for (const [name, size] of rows.slice(0, 24)) console.log(`${number(size)}${number(Math.round((size / whole) * program))}  ${name}`);
const rest = rows.slice(24).reduce((sum, [, size]) => sum + size, 0);
console.log(`${number(rest)}${number(Math.round((rest / whole) * program))}  ${rows.length - 24} more`);

/** `<&T as core::fmt::Display>::fmt` is T's, `core[5930]::fmt::write` is core's. */
function crateOf(name) {
  const first = name.replace(/^[<&*\s(]+(mut |dyn |const )*/, "").match(/^\w+/)?.[0] ?? "?";
  return /^[A-Z]$/.test(first) ? (name.match(/ as (\w+)/)?.[1] ?? "generic") : first;
}

/** Sizes of the sections, and of the functions with their names. */
function parse(wasm) {
  const SECTIONS = ["custom", "types", "imports", "functions", "tables", "memory", "globals", "exports", "start", "elements", "code", "data", "data count"];
  let at = 8;
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const text = () => {
    const length = leb();
    return wasm.toString("utf8", at, (at += length));
  };
  const sections = {};
  const sizes = [];
  const names = new Map();
  let imported = 0;
  while (at < wasm.length) {
    const id = wasm[at++];
    const size = leb();
    const end = at + size;
    if (id === 0) {
      if (text() === "name") {
        while (at < end) {
          const part = wasm[at++];
          const partEnd = leb() + at;
          if (part === 1) for (let left = leb(); left > 0; left -= 1) names.set(leb(), text());
          at = partEnd;
        }
      }
    } else {
      sections[SECTIONS[id]] = size;
      if (id === 2) imported = leb();
      if (id === 10) {
        for (let left = leb(); left > 0; left -= 1) {
          const length = leb();
          sizes.push(length);
          at += length;
        }
      }
    }
    at = end;
  }
  return { sections, functions: sizes.map((size, i) => ({ size, name: names.get(imported + i) ?? "?" })) };
}
