import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(
  new URL("../../reference/cli/main.ts", import.meta.url),
);
const FACE = new URL("../../mod.ts", import.meta.url).href;

/** The oldest supported version of Node. */
const OLDEST = 24;

/** Set to 1 to fail, not skip, if Node is missing. */
const REQUIRE = "MAPPED_RAM_REQUIRE_NODE";

function isNodeNewEnough(): boolean {
  try {
    const version = execFileSync("node", ["--version"], { encoding: "utf8" });
    return Number.parseInt(version.slice(1)) >= OLDEST;
  } catch {
    return false;
  }
}

function node(cwd: string, ...args: readonly string[]): string {
  return execFileSync("node", args, { cwd, encoding: "utf8" });
}

test("Node saves, loads and reads, with and without threads", {
  skip: isNodeNewEnough() || env[REQUIRE] === "1"
    ? false
    : `there is no Node ${OLDEST} or later on PATH`,
  timeout: 300_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-node-"));
  try {
    // Two threads share 128 MiB with data in each chunk.
    const image = new Uint8Array(128 << 20);
    for (let at = 0; at < image.length; at += 0x10000) {
      image.fill(at >> 16, at, at + 0x1000);
    }
    writeFileSync(join(folder, "ram.img"), image);
    for (const jobs of ["1", "3"]) {
      const threads = ["--jobs", jobs, "--json"];
      const block = ["--block", "ram=ram.img"];
      node(folder, MAIN, "save", `${jobs}.mr`, ...block, ...threads);
      node(folder, MAIN, "load", "1.mr", ".", "--force", ...threads);
      assert.deepEqual(
        readFileSync(join(folder, "ram.img")),
        Buffer.from(image),
      );
    }
    const [one, three] = ["1.mr", "3.mr"].map((it) =>
      readFileSync(join(folder, it))
    );
    assert(one.equals(three));
    const program = `
      import { openFileSource, openSnapshotSync } from ${JSON.stringify(FACE)};
      using source = openFileSource("1.mr");
      console.log(openSnapshotSync(source).block("ram").readPageSync(16)[0]);`;
    const args = ["--input-type=module", "--eval", program];
    assert.equal(node(folder, ...args), "1\n");
    assert.deepEqual(readdirSync(folder).sort(), ["1.mr", "3.mr", "ram.img"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
