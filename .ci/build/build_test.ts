import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { DOORS, ROOT } from "./project.ts";
import { unpackedBytes } from "./sizes.ts";
import { BuildFolder, PATIENT, runTool } from "./testing/build_folder.ts";

/** Bounds in bytes: the package without maps; a reader, minified and packed. */
const PACKAGE_MAX = 1_250_000;
const READER_MAX = 45_000;

let built: BuildFolder;

before(() => {
  built = new BuildFolder();
  built.build(built.dist);
}, PATIENT);

after(() => built[Symbol.dispose]());

test(
  "two builds are equal, wherever they are made and with any umask",
  PATIENT,
  () => {
    const other = join(built.path, "another/folder");
    const mask = process.umask(0o077);
    try {
      built.build(other);
    } finally {
      process.umask(mask);
    }
    const [one, two] = [built.dist, other].map((it) =>
      readFileSync(join(it, "SHA256SUMS"), "utf8")
    );
    assert.equal(one, two);
    built.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], built.dist);
  },
);

test("the release notes check what is attached to a release", () => {
  const notes = readFileSync(join(built.dist, "RELEASE_NOTES.md"), "utf8");
  const [, command = ""] = /^```sh\n(.*)\n```$/m.exec(notes) ?? [];
  const checked = built.run(["sh", "-c", command], built.dist).trim().split(
    "\n",
  );
  const attached = readdirSync(built.dist)
    .filter((it) => !/^(bundle|npm|SHA256SUMS|RELEASE_NOTES\.md)$/.test(it));
  for (const it of attached) {
    assert(checked.includes(`${it}: OK`), it);
    assert(notes.includes(`  ${it}\n`), it);
  }
});

test("a build replaces its own folder, and no other", PATIENT, () => {
  const own = join(built.path, "own");
  built.build(own, "--only", "one-file");
  built.build(own, "--only", "npm");
  assert.deepEqual(readdirSync(own).sort(), ["SHA256SUMS", "npm"]);
  const foreign = join(built.path, "foreign");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "letter"), "dear");
  assert.throws(
    () => built.build(foreign, "--only", "npm"),
    /it has other files/,
  );
  assert.deepEqual(readdirSync(foreign), ["letter"]);
});

test("what is built exports the names of the sources", async () => {
  const pairs = [
    ["mod.ts", "mapped_ram.js"],
    ["mod.ts", "mapped_ram.min.js"],
    ...[...DOORS.values()].filter((it) => !it.includes("/cli/"))
      .map((it) => [it, `npm/${it.replace(/\.ts$/, ".js")}`]),
  ];
  for (const [source, path] of pairs) {
    const [expected, found] = await Promise.all(
      [join(ROOT, source), join(built.dist, path)].map(async (it) =>
        Object.keys(await import(pathToFileURL(it).href)).sort()
      ),
    );
    assert.deepEqual(found, expected, path);
  }
});

test("one file is all that there is to load", () => {
  for (const name of ["mapped_ram.js", "mapped_ram.min.js"]) {
    const text = readFileSync(join(built.dist, name), "utf8");
    assert(!/^import\b|\bimport\s*\(|\bfrom\s*["'`]\.?\.?\//m.test(text), name);
  }
});

test("the package and a reader are small", () => {
  const bytes = unpackedBytes(join(built.dist, "npm"));
  assert(bytes <= PACKAGE_MAX, `the package has ${bytes} bytes`);
  const entry = join(built.path, "reader.js");
  for (
    const from of [
      join(built.dist, "npm/mod.js"),
      join(built.dist, "mapped_ram.js"),
    ]
  ) {
    writeFileSync(
      entry,
      `export { cachedSource, openHttpSource, openSnapshot } from "${from}";`,
    );
    const packed = gzipSync(
      runTool("esbuild", entry, "--bundle", "--minify", "--format=esm"),
      { level: 9 },
    ).length;
    assert(packed <= READER_MAX, `a reader of ${from} has ${packed} bytes`);
  }
});
