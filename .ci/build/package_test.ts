import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { after, before, test } from "node:test";
import { CONFIGURATION, DOORS, NAME, ROOT } from "./project.ts";
import { BuildFolder, PATIENT, runTool } from "./testing/build_folder.ts";

const CONFIG = join(ROOT, "deno.json");

let built: BuildFolder;

before(() => {
  built = new BuildFolder();
  built.build(built.dist);
}, PATIENT);

after(() => built[Symbol.dispose]());

test(
  "npm, publint and attw find nothing wrong with the package",
  PATIENT,
  () => {
    const folder = join(built.dist, "npm");
    const [packed] = JSON.parse(
      built.run(["npm", "pack", "--dry-run", "--json"], folder),
    );
    assert.equal(packed.name, NAME);
    assert(
      packed.files.every((it: { path: string }) =>
        /\.(js|d\.ts|map|json|1)$|^(README\.md|LICENSE)$/.test(it.path)
      ),
    );
    runTool("publint", folder, "--strict");
    runTool(
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
    const folder = join(built.path, "types");
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(join(built.dist, "npm"), join(folder, "node_modules", NAME));
    for (
      const it of readdirSync(join(built.dist, "npm/types"), {
        recursive: true,
      })
    ) {
      if (!String(it).endsWith(".d.ts")) continue;
      const text = readFileSync(
        join(built.dist, "npm/types", String(it)),
        "utf8",
      );
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
    runTool("typescript/tsc", "--project", project);
  },
);

test("the package is installed and run by npm and Node alone", PATIENT, () => {
  const folder = join(built.path, "installed");
  mkdirSync(folder);
  const tarball = join(built.dist, `${NAME}-${CONFIGURATION.version}.tgz`);
  built.run(["npm", "install", "--offline", tarball], folder);
  const output = built.run(
    ["npx", "--offline", NAME, "save", "--keep"],
    folder,
  );
  const file = /the file is (\S+)/.exec(output)?.[1] ?? "";
  try {
    const info = ["npx", "--offline", NAME, "info", file, "--json"];
    assert.equal(JSON.parse(built.run(info, folder)).blocks[0].idstr, "pc.ram");
    const help = built.run(
      ["npx", "--offline", NAME, "info", "--help"],
      folder,
    );
    assert.match(help, /^Usage: npx mapped-ram info FILE/);
    const script = built.run(
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
    built.run([
      execPath,
      "run",
      "--allow-all",
      `--config=${CONFIG}`,
      "esbuild",
      ...compiled,
    ], folder);
    const isNew =
      Number.parseInt(built.run(["node", "--version"]).slice(1)) >= 24;
    for (const it of isNew ? ["example.ts", "example.mjs"] : ["example.mjs"]) {
      assert.match(built.run(["node", it], folder), /Uint8Array\(16\)/);
    }
  } finally {
    rmSync(join(file, ".."), { recursive: true });
  }
});

test("npm installs the manual for all users", PATIENT, () => {
  const folder = join(built.path, "global");
  const tarball = join(built.dist, `${NAME}-${CONFIGURATION.version}.tgz`);
  const options = ["--offline", "--global", "--prefix", folder];
  built.run(["npm", "install", ...options, tarball]);
  assert.deepEqual(
    readdirSync(join(folder, "share/man/man1")).sort(),
    readdirSync(join(built.dist, "npm/man")).sort(),
  );
});

/** Returns the examples of the package's README. */
function examples(): string[] {
  const readme = readFileSync(join(built.dist, "npm/README.md"), "utf8");
  const found = Array.from(
    readme.matchAll(/^```ts\n([^]*?)^```$/gm),
    ([, code]) => code,
  );
  for (const code of found) assert(code.includes(`from "${NAME}"`), code);
  assert(found.length > 0);
  return found;
}
