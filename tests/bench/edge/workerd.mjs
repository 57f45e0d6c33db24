// The Worker on workerd itself, without the development proxy: settings that ship, and processes that end with this one.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
export const project = resolve(here, "../../..");
/** Of this run alone. */
export const scratch = join(project, "target/bench-edge", String(process.pid));
const require = createRequire(join(project, "package.json"));
const workerd = process.env.WORKERD ?? require(require.resolve("workerd", { paths: [require.resolve("wrangler")] })).default;

mkdirSync(scratch, { recursive: true });

// ---- Settings: those that ship.

/** As much of TOML as wrangler.toml and .dev.vars use: sections of `name = "text"`. */
function settings(file) {
  const sections = [["", {}]];
  for (const line of readFileSync(join(project, file), "utf8").split("\n")) {
    const section = line.match(/^\[+([\w.]+)\]+/);
    if (section) sections.push([section[1], {}]);
    const pair = line.match(/^(\w+)\s*=\s*"(.*)"/);
    if (pair) sections.at(-1)[1][pair[1]] = pair[2];
  }
  return { all: (name) => sections.filter((section) => section[0] === name).map((section) => section[1]) };
}

const wrangler = settings("wrangler.toml");
const [secrets] = settings(".dev.vars.example").all("");
export const vars = { ...wrangler.all("vars")[0], ...secrets };
export const HOUR_MS = "3600000";

// ---- Processes.

export const children = [];

// Whatever ends this process ends them too.
process.on("exit", () => {
  children.forEach((child) => child.kill("SIGKILL"));
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** Starts a program; `ready` finds in its output what tells that it is up. */
export function start(program, args, channel, ready) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit", "pipe"], cwd: scratch });
  children.push(child);
  return new Promise((up, failed) => {
    child.on("error", failed);
    child.on("exit", (code) => failed(new Error(`${program} ended with ${code}`)));
    let text = "";
    // What nobody reads stops whoever says it.
    child.stdout.resume();
    child.stdio[channel].on("data", (data) => {
      text += data;
      const found = text.match(ready);
      if (found) up({ pid: child.pid, found: found[1] });
    });
  });
}

/** workerd ends slowly on SIGTERM while requests hang: it gets two seconds. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
  await gone;
  clearTimeout(timer);
}

// ---- workerd.

const quoted = (text) => JSON.stringify(text);
export const embed = (file) => `embed ${quoted(relative(scratch, file))}`;
export const textBindings = (vars) =>
  Object.entries(vars).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`);

/** A workerd with one Worker behind one socket. `modules` and `bindings` are in workerd's own words. */
export async function serve(name, { modules, bindings = [], extra = "", port = 0 }) {
  // SQLite, where the Durable Objects keep what they know, is had on disk only.
  const objects = join(scratch, `${name}.objects`);
  await mkdir(objects);
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "kv", worker = (modules = [(name = "kv.js", esModule = ${embed(join(here, "kv.js"))})], ${dated})),
    (name = "internet", network = (allow = ["private"])),
    (name = "objects", disk = (path = ${quoted(objects)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  bindings = [${bindings.join(", ")}],
  ${extra}
  ${dated},
);
`;
  const file = join(scratch, `${name}.capnp`);
  await writeFile(file, config);
  const { pid, found } = await start(workerd, ["serve", file, "--control-fd=3"], 3, /"port":\s*(\d+)/);
  return { pid, port: Number(found) };
}

const dated = `compatibilityDate = ${quoted(wrangler.all("")[0].compatibility_date)}`;

export const built = (folder) => [
  `(name = "index.js", esModule = ${embed(join(project, folder, "index.js"))})`,
  `(name = "index_bg.wasm", wasm = ${embed(join(project, folder, "index_bg.wasm"))})`,
];

/** Our Worker as wrangler.toml describes it, with some settings changed. */
export function ours(name, changed, port) {
  const objects = wrangler.all("durable_objects.bindings");
  const classes = objects.map(
    ({ class_name }) => `(className = ${quoted(class_name)}, uniqueKey = ${quoted(class_name)}, enableSql = true)`,
  );
  return serve(name, {
    port,
    modules: built("edge/build"),
    bindings: [
      ...textBindings({ ...vars, ...changed }),
      ...wrangler.all("kv_namespaces").map(({ binding }) => `(name = ${quoted(binding)}, kvNamespace = "kv")`),
      ...objects.map(
        ({ name, class_name }) => `(name = ${quoted(name)}, durableObjectNamespace = ${quoted(class_name)})`,
      ),
    ],
    extra: `durableObjectNamespaces = [${classes.join(", ")}], durableObjectStorage = (localDisk = "objects"),`,
  });
}
