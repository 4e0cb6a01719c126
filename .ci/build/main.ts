/**
 * Builds everything that is published: `deno task build`. Two builds of the same
 * sources are equal, byte for byte.
 *
 * - `dist/npm/`: the package for the npm registry
 * - `dist/bundle/`: the command line in JavaScript for Deno, Bun and Node
 * - `dist/mapped_ram.js`, `dist/mapped_ram.min.js`: the library in one file
 * - `dist/mapped-ram`: the command line as a program for this platform
 * - `dist/mapped-ram-VERSION.tgz`: the package, packed
 * - `dist/SHA256SUMS`: the checksums of all of them
 * - `dist/RELEASE_NOTES.md`: what has changed, and these checksums
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { bundle } from "./bundle.ts";
import { buildExecutable } from "./executable.ts";
import type { Files } from "./compile.ts";
import { npmPackage } from "./npm_package.ts";
import { oneFile } from "./one_file.ts";
import { ENTRIES, NAME, ROOT } from "./project.ts";
import { NOTES, releaseNotes } from "./release_notes.ts";
import { printSizes } from "./sizes.ts";
import { checksums, SUMS } from "./checksums.ts";

const PARTS = ["npm", "bundle", "one-file", "executable"];

const { values: { out, only = PARTS, target } } = parseArgs({
  options: {
    out: { type: "string", default: join(ROOT, "dist") },
    only: { type: "string", multiple: true },
    target: { type: "string" },
  },
});
const unknown = only.find((it) => !PARTS.includes(it));
if (unknown !== undefined) {
  throw new RangeError(`Cannot build ${unknown}: expected ${PARTS.join(", ")}`);
}
const folder = resolve(out);
process.umask(0o022); // the modes are a part of the packed package
empty(folder);
if (only.includes("npm")) {
  const files = await npmPackage();
  write(join(folder, "npm"), files);
  const program = ENTRIES[0].replace(/\.ts$/, ".js");
  chmodSync(join(folder, "npm", program), 0o755);
}
if (only.includes("bundle")) write(join(folder, "bundle"), await bundle());
if (only.includes("one-file")) write(folder, await oneFile());
if (only.includes("executable")) {
  await buildExecutable(join(folder, NAME), target);
}
const isWhole = PARTS.every((it) => only.includes(it));
if (isWhole) {
  const args = ["pack", "--silent", "--pack-destination", folder];
  execFileSync("npm", [...args, join(folder, "npm")], { stdio: "pipe" });
}
const sums = checksums(folder);
writeFileSync(join(folder, SUMS), sums);
if (isWhole) writeFileSync(join(folder, NOTES), releaseNotes(sums));
printSizes(folder);
process.exit(0); // the bundler's threads keep running

/** Makes an empty folder in place of one that a build made, and of no other. */
function empty(folder: string): void {
  const isForeign = existsSync(folder) && readdirSync(folder).length > 0 &&
    !existsSync(join(folder, SUMS));
  if (isForeign) {
    throw new RangeError(
      `Cannot build into ${folder}: it has other files; pass a new folder, ` +
        "or remove them",
    );
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, SUMS), "");
}

function write(folder: string, files: Files): void {
  for (const [path, text] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
