import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process, { execPath } from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { CONFIGURATION, DOORS, NAME, ROOT } from "./project.ts";
import { unpackedBytes } from "./sizes.ts";

/** Bounds in bytes: the package without maps; a reader, minified and packed. */
const PACKAGE_MAX = 1_000_000;
const READER_MAX = 45_000;

const PATIENT = { timeout: 300_000 };

const CONFIG = join(ROOT, "deno.json");

let scratch: string;
let dist: string;

function build(out: string, ...options: readonly string[]): void {
  const program = join(ROOT, ".ci/build/main.ts");
  const args = ["run", "--allow-all", program, "--out", out, ...options];
  execFileSync(execPath, args, { cwd: scratch, stdio: "pipe" });
}

/** Runs a program of the npm registry that deno.json names. */
function tool(name: string, ...args: readonly string[]): string {
  return execFileSync(execPath, ["run", "--allow-all", name, ...args], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: "pipe",
  });
}

function run(line: readonly string[], cwd = scratch): string {
  const [program, ...args] = line;
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: "pipe" });
}

before(() => {
  scratch = mkdtempSync(join(tmpdir(), "mapped-ram-build-"));
  dist = join(scratch, "dist");
  build(dist);
}, PATIENT);

after(() => rmSync(scratch, { recursive: true }));

test(
  "two builds are equal, wherever they are made and with any umask",
  PATIENT,
  () => {
    const other = join(scratch, "another/folder");
    const mask = process.umask(0o077);
    try {
      build(other);
    } finally {
      process.umask(mask);
    }
    const [one, two] = [dist, other].map((it) =>
      readFileSync(join(it, "SHA256SUMS"), "utf8")
    );
    assert.equal(one, two);
    run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], dist);
  },
);

test("the release notes check what is attached to a release", () => {
  const notes = readFileSync(join(dist, "RELEASE_NOTES.md"), "utf8");
  const [, command = ""] = /^```sh\n(.*)\n```$/m.exec(notes) ?? [];
  const checked = run(["sh", "-c", command], dist).trim().split("\n");
  const attached = readdirSync(dist)
    .filter((it) => !/^(bundle|npm|SHA256SUMS|RELEASE_NOTES\.md)$/.test(it));
  for (const it of attached) {
    assert(checked.includes(`${it}: OK`), it);
    assert(notes.includes(`  ${it}\n`), it);
  }
});

test("a build replaces its own folder, and no other", PATIENT, () => {
  const own = join(scratch, "own");
  build(own, "--only", "one-file");
  build(own, "--only", "npm");
  assert.deepEqual(readdirSync(own).sort(), ["SHA256SUMS", "npm"]);
  const foreign = join(scratch, "foreign");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "letter"), "dear");
  assert.throws(() => build(foreign, "--only", "npm"), /it has other files/);
  assert.deepEqual(readdirSync(foreign), ["letter"]);
});

test("what is built exports the names of the sources", async () => {
  const built = [
    ["mod.ts", "mapped_ram.js"],
    ["mod.ts", "mapped_ram.min.js"],
    ...[...DOORS.values()].filter((it) => !it.includes("/cli/"))
      .map((it) => [it, `npm/${it.replace(/\.ts$/, ".js")}`]),
  ];
  for (const [source, path] of built) {
    const [expected, found] = await Promise.all(
      [join(ROOT, source), join(dist, path)].map(async (it) =>
        Object.keys(await import(pathToFileURL(it).href)).sort()
      ),
    );
    assert.deepEqual(found, expected, path);
  }
});

test("one file is all that there is to load", () => {
  for (const name of ["mapped_ram.js", "mapped_ram.min.js"]) {
    const text = readFileSync(join(dist, name), "utf8");
    assert(!/^import\b|\bimport\s*\(|\bfrom\s*["'`]\.?\.?\//m.test(text), name);
  }
});

test("the package and a reader are small", () => {
  const bytes = unpackedBytes(join(dist, "npm"));
  assert(bytes <= PACKAGE_MAX, `the package has ${bytes} bytes`);
  const entry = join(scratch, "reader.js");
  for (const from of [join(dist, "npm/mod.js"), join(dist, "mapped_ram.js")]) {
    writeFileSync(
      entry,
      `export { cachedSource, openHttpSource, openSnapshot } from "${from}";`,
    );
    const packed = gzipSync(
      tool("esbuild", entry, "--bundle", "--minify", "--format=esm"),
      { level: 9 },
    ).length;
    assert(packed <= READER_MAX, `a reader of ${from} has ${packed} bytes`);
  }
});

test(
  "npm, publint and attw find nothing wrong with the package",
  PATIENT,
  () => {
    const folder = join(dist, "npm");
    const [packed] = JSON.parse(
      run(["npm", "pack", "--dry-run", "--json"], folder),
    );
    assert.equal(packed.name, NAME);
    assert(
      packed.files.every((it: { path: string }) =>
        /\.(js|d\.ts|map|json|1)$|^(README\.md|LICENSE)$/.test(it.path)
      ),
    );
    tool("publint", folder, "--strict");
    tool(
      "@arethetypeswrong/cli/attw",
      "--pack",
      folder,
      "--profile",
      "esm-only",
    );
  },
);

test(
  "the declarations suit a strict program and the README, and their examples the package",
  PATIENT,
  () => {
    const folder = join(scratch, "types");
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(join(dist, "npm"), join(folder, "node_modules", NAME));
    for (
      const it of readdirSync(join(dist, "npm/types"), { recursive: true })
    ) {
      if (!String(it).endsWith(".d.ts")) continue;
      const text = readFileSync(join(dist, "npm/types", String(it)), "utf8");
      const inside = /^ *\* .*\bfrom "\..*$/m.exec(text)?.[0];
      assert.equal(inside, undefined, `an example of ${it} imports a file`);
      assert.doesNotMatch(text, /\bHeadersInit\b/, "no global of @types/node");
    }
    const imports = [...DOORS.keys()].map((it, index) =>
      `export * as door${index} from "${NAME}${it.slice(1)}";`
    );
    for (const [index, text] of [imports.join("\n"), ...examples()].entries()) {
      writeFileSync(join(folder, `program${index}.mts`), text);
    }
    const options = {
      exactOptionalPropertyTypes: true,
      lib: ["es2024", "dom", "dom.asynciterable", "esnext.disposable"],
      module: "nodenext",
      noEmit: true,
      skipLibCheck: false,
      strict: true,
      target: "es2022",
      types: [],
    };
    const project = join(folder, "tsconfig.json");
    writeFileSync(project, JSON.stringify({ compilerOptions: options }));
    tool("typescript/tsc", "--project", project);
  },
);

test("the package is installed and run by npm and Node alone", PATIENT, () => {
  const folder = join(scratch, "installed");
  mkdirSync(folder);
  const tarball = join(dist, `${NAME}-${CONFIGURATION.version}.tgz`);
  run(["npm", "install", "--offline", tarball], folder);
  const output = run(["npx", "--offline", NAME, "save", "--keep"], folder);
  const file = /the file is (\S+)/.exec(output)?.[1] ?? "";
  try {
    const info = ["npx", "--offline", NAME, "info", file, "--json"];
    assert.equal(JSON.parse(run(info, folder)).blocks[0].idstr, "pc.ram");
    const help = run(["npx", "--offline", NAME, "info", "--help"], folder);
    assert.match(help, /^Usage: npx mapped-ram info FILE/);
    const script = run(
      ["npx", "--offline", NAME, "completion", "bash"],
      folder,
    );
    assert.match(script, /^complete .* mapped-ram$/m);
    const serve = ["page-server", file, "--block", "pc.ram"];
    const refusal = () => {
      const { status, stderr } = spawnSync(
        "npx",
        ["--offline", NAME, ...serve, "--listen", "unix:pages.sock"],
        { cwd: folder, encoding: "utf8" },
      );
      assert.equal(status, 1);
      return stderr;
    };
    assert.match(
      refusal(),
      /^error: Cannot call .* \(npm install koffi\)/,
    );
    const old = join(folder, "node_modules/koffi");
    mkdirSync(old);
    writeFileSync(join(old, "index.js"), "exports.load = () => {};");
    assert.match(refusal(), /^error: Cannot call .* koffi .*expected 3\.3\.4/);
    rmSync(old, { recursive: true });
    writeFileSync(
      join(folder, "example.ts"),
      examples()[0].replace("vm.mr", file),
    );
    const compiled = ["example.ts", "--target=es2022", "--outfile=example.mjs"];
    run([
      execPath,
      "run",
      "--allow-all",
      `--config=${CONFIG}`,
      "esbuild",
      ...compiled,
    ], folder);
    const isNew = Number.parseInt(run(["node", "--version"]).slice(1)) >= 24;
    for (const it of isNew ? ["example.ts", "example.mjs"] : ["example.mjs"]) {
      assert.match(run(["node", it], folder), /Uint8Array\(16\)/);
    }
  } finally {
    rmSync(join(file, ".."), { recursive: true });
  }
});

test("npm installs the manual for all users", PATIENT, () => {
  const folder = join(scratch, "global");
  const tarball = join(dist, `${NAME}-${CONFIGURATION.version}.tgz`);
  const options = ["--offline", "--global", "--prefix", folder];
  run(["npm", "install", ...options, tarball]);
  assert.deepEqual(
    readdirSync(join(folder, "share/man/man1")).sort(),
    readdirSync(join(dist, "npm/man")).sort(),
  );
});

/** Returns the examples of the package's README. */
function examples(): string[] {
  const readme = readFileSync(join(dist, "npm/README.md"), "utf8");
  const found = Array.from(
    readme.matchAll(/^```ts\n([^]*?)^```$/gm),
    ([, code]) => code,
  );
  for (const code of found) assert(code.includes(`from "${NAME}"`), code);
  assert(found.length > 0);
  return found;
}
