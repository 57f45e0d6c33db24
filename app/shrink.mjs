// Makes what Trunk left in dist/ as small as it goes: a phone on 3G loads each kilobyte in ten milliseconds.
//
//   node app/shrink.mjs dist loadboard index.html [--keep-names]
//
// - Of the JavaScript around the program only what the page uses stays, and of the program only what that JavaScript calls:
//   crates export functions for whoever may need them.
// - A panic is a trap and says nothing: the words it would say are left out, and all that puts them together. So are words
//   of errors that the app does not read.
// - wasm-opt, after both, finds what nobody needs any more. Names on the border between the two become letters.
// - A style and what it imports become one file.
// - The page starts the program and tells nobody: Trunk's own way also hands it to whoever may listen.
// - All of them get a name by their final content: what is cached under one name never changes.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import binaryen from "binaryen";
import { buildSync, transformSync } from "esbuild";

/** What says the last words of a panic, by its name in the compiler's own libraries. */
const LAST_WORDS = [
  /^core(\[\w+\])?::panicking::/,
  /^core(\[\w+\])?::(option|result|cell|str|slice::index)::\w*(_fail|_failed|_fail_rt|panic_\w+)(::|$)/,
  /^std(\[\w+\])?::(panicking::|thread::local::panic_)/,
  /^alloc(\[\w+\])?::raw_vec::(handle_error|capacity_overflow)/,
];

/** What tells in words of JSON that is not as it should be: the app only asks whether it is. Returns that all went well. */
const UNREAD = /^<serde_json(\[\w+\])?::error::JsonUnexpected as core(\[\w+\])?::fmt::Display>::fmt/;

/** The file that a panic would name. */
const SOURCE = /(?:\/rustc\/[0-9a-f]{40}\/|crates\/|app\/)[\w./-]+\.rs/g;

/** What rustc uses by default: with all features on, the output is one that older WebViews refuse. */
const FEATURES = ["bulk-memory", "reference-types", "sign-ext", "nontrapping-float-to-int", "mutable-globals", "multivalue"];
const PASSES = ["--gufa", "-Oz", "--flatten", "--rereloop", "-Oz", "-Oz", "--strip-producers", "--strip-target-features"];
const KEEP_NAMES = process.argv.includes("--keep-names");

/** Where Trunk left the page, and the name of its program. */
const [, , dist, name, page] = process.argv;
const [, trunks] = only(new RegExp(`^${name}-(\\w+)\\.js$`));
const script = join(dist, `${name}-${trunks}.js`);
const program = join(dist, `${name}-${trunks}_bg.wasm`);

const glue = buildSync({
  stdin: { contents: `export { default } from ${JSON.stringify(`./${script.slice(dist.length + 1)}`)};`, resolveDir: dist },
  bundle: true,
  format: "esm",
  // Classes that nobody makes go with what is done to them.
  define: { "Symbol.dispose": "undefined" },
  pure: ["FinalizationRegistry"],
  write: false,
  logLevel: "error",
}).outputFiles[0].text;

const module = binaryen.readBinary(readFileSync(program));
removeUnusedExports();
const silenced = removeLastWords();
if (silenced === 0) throw new Error("no function of a panic was found: has the program lost its names?");
binaryen.setDebugInfo(KEEP_NAMES);
writeFileSync(program, withoutSources(Buffer.from(module.emitBinary())));
optimize(PASSES);
const letters = {};
// What the program calls the JavaScript around it.
let border = "";
writeFileSync(program, renameBorder(readFileSync(program)));
// Once more from what it has made: a hundred bytes.
optimize(["-Oz"]);
const shrunk = transformSync(glue.replaceAll(border, "_"), {
  format: "esm",
  minify: true,
  mangleProps: new RegExp(`^(${Object.keys(letters).join("|")})$`),
  mangleCache: letters,
}).code;
writeFileSync(script, shrunk);
rename();
style();
start();

/** The one file of that name. */
function only(name) {
  const found = readdirSync(dist).map((file) => file.match(name)).filter(Boolean);
  if (found.length !== 1) throw new Error(`${found.length} files ${name} in ${dist}`);
  return found[0];
}

function removeUnusedExports() {
  const exported = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name);
  for (const name of exported) {
    if (!new RegExp(`\\bwasm\\.${name}\\b`).test(glue)) module.removeExport(name);
  }
}

function removeLastWords() {
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) => binaryen.getFunctionInfo(module.getFunctionByIndex(i)));
  const speaking = functions.filter(({ name, module }) => !module && LAST_WORDS.some((words) => words.test(name)));
  const replace = ({ name, params, results }, body) => {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], body);
  };
  speaking.forEach((last) => replace(last, module.unreachable()));
  functions.filter(({ name }) => UNREAD.test(name)).forEach((words) => replace(words, module.i32.const(0)));
  return speaking.length;
}

function optimize(passes) {
  const features = FEATURES.map((feature) => `--enable-${feature}`);
  const wasmOpt = join(import.meta.dirname, "../node_modules/.bin/wasm-opt");
  execFileSync(wasmOpt, [...features, ...passes, KEEP_NAMES ? "-g" : "--strip-debug", program, "-o", program]);
}

/** The program with nothing in place of the names of source files, which stand among its data. */
function withoutSources(wasm) {
  const blank = (name) => "\0".repeat(name.length);
  return Buffer.from(wasm.toString("latin1").replace(SOURCE, blank), "latin1");
}

/** The program with letters for the names of its imports and exports, which `letters` holds then. */
function renameBorder(wasm) {
  const IMPORTS = 2;
  const EXPORTS = 7;
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const text = () => {
    const length = number();
    return wasm.toString("utf8", at, (at += length));
  };
  const encoded = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...encoded(value >>> 7)]);
  const named = (name) => [...encoded(Buffer.byteLength(name)), ...Buffer.from(name)];
  const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const spelled = (number) => (number < 52 ? ALPHABET[number] : spelled(Math.floor(number / 52) - 1) + ALPHABET[number % 52]);
  const letter = (name) => (letters[name] ??= spelled(Object.keys(letters).length));

  const parts = [wasm.subarray(0, at)];
  while (at < wasm.length) {
    const begin = at;
    const id = wasm[at++];
    const end = number() + at;
    if (id !== IMPORTS && id !== EXPORTS) {
      parts.push(wasm.subarray(begin, end));
      at = end;
      continue;
    }
    const count = number();
    const content = encoded(count);
    for (let i = 0; i < count; i += 1) {
      if (id === IMPORTS) {
        border = text();
        content.push(...named("_"));
      }
      content.push(...named(letter(text())));
      const kind = wasm[at];
      const description = at++;
      if (id === IMPORTS && kind !== 0) throw new Error(`an import of kind ${kind}: only functions are known here`);
      number();
      content.push(...wasm.subarray(description, at));
    }
    parts.push(Buffer.from([id, ...encoded(content.length), ...content]));
  }
  return Buffer.concat(parts);
}

function rename() {
  const hash = hashOf(readFileSync(script), readFileSync(program));
  renameSync(script, join(dist, `${name}-${hash}.js`));
  renameSync(program, join(dist, `${name}-${hash}_bg.wasm`));
  inPage(`${name}-${trunks}`, `${name}-${hash}`);
}

/** The page's style, with what it imports: Trunk brings the file that the page names and no other. */
function style() {
  const [trunks, stem] = only(/^(\w+)-\w+\.css$/);
  const source = join(import.meta.dirname, `style/${stem}.css`);
  const target = ["chrome96", "safari16.4"];
  const { outputFiles } = buildSync({ entryPoints: [source], bundle: true, minify: true, target, write: false, logLevel: "error" });
  // What custom properties hold is left as it is written.
  const css = outputFiles[0].text.replace(/(--[\w-]+): /g, "$1:").replace(/, (?=[\w#-])/g, ",");
  rmSync(join(dist, trunks));
  writeFileSync(join(dist, `${stem}-${hashOf(css)}.css`), css);
  inPage(trunks, `${stem}-${hashOf(css)}.css`);
}

/** The few lines that start the program, and those before it. */
function start() {
  const LOADER = /import init, \* as bindings from '([^']+)';\s*const wasm = await init\(\{ module_or_path: '([^']+)' \}\);[^<]*/;
  const html = readFileSync(join(dist, page), "utf8");
  if (!LOADER.test(html)) throw new Error(`${page} does not start its program as it used to`);
  const started = html.replace(LOADER, "import start from'$1';start({module_or_path:'$2'})");
  // Trunk leaves more of the other scripts than there need be.
  const smaller = (_, code) => `<script>${transformSync(code, { minify: true, target: "chrome80" }).code.trim()}</script>`;
  writeFileSync(join(dist, page), started.replace(/<script>(.*?)<\/script>/gs, smaller));
}

function hashOf(...contents) {
  const hash = createHash("sha256");
  contents.forEach((content) => hash.update(content));
  return hash.digest("hex").slice(0, 16);
}

/** Names a file anew in the page. */
function inPage(before, after) {
  const html = join(dist, page);
  writeFileSync(html, readFileSync(html, "utf8").replaceAll(before, after));
}
