import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { openFileSource } from "./file_source.ts";
import { openQuickStat, type QuickStat } from "./quick_stat.ts";

/** Only Deno has a quicker call, and only Linux reopens a descriptor. */
const isHere = process.versions.deno !== undefined &&
  process.platform === "linux";

const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  size: (path) => appendFileSync(path, "more"),
  time(path) {
    const later = new Date(statSync(path).mtimeMs + 1);
    utimesSync(path, later, later);
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`openQuickStat() notices another ${what}`, () => {
    using scratch = new ScratchFolder();
    const path = scratch.file("a");
    writeFileSync(path, "some");
    const fd = openSync(path, "r");
    const quick = openQuickStat(fd, fstatSync(fd));
    assert.equal(quick !== undefined, isHere);
    if (quick !== undefined) tellsChange(quick, () => change(path));
    closeSync(fd);
  });
}

function tellsChange(quick: QuickStat, change: () => void): void {
  assert.equal(quick.isUnchanged(), true);
  change();
  assert.equal(quick.isUnchanged(), false);
  quick.close();
  assert.equal(quick.isUnchanged(), false);
}

test("openQuickStat() follows the descriptor, not the name", () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, "some");
  const fd = openSync(path, "r");
  const opened = fstatSync(fd);
  rmSync(path);
  writeFileSync(path, "another");
  const quick = openQuickStat(fd, opened);
  assert.equal(quick?.isUnchanged(), isHere || undefined);
  quick?.close();
  closeSync(fd);
});

test("a closed file source leaves no descriptor open", () => {
  if (process.platform !== "linux") return;
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, "some");
  const source = openFileSource(path);
  source.checkUnchanged();
  assert.ok(countOpen(path) > 0);
  source.close();
  assert.equal(countOpen(path), 0);
});

/** Counts this process' descriptors of a file; other tests open others. */
function countOpen(path: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}

test("openFileSource() needs no permission but to read the file", () => {
  if (process.versions.deno === undefined) return;
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  const script = scratch.file("a.ts");
  writeFileSync(path, "some");
  const module = new URL("../../mod.ts", import.meta.url);
  writeFileSync(
    script,
    `import { openFileSource } from ${JSON.stringify(module)};
     const source = openFileSource(${JSON.stringify(path)});
     source.checkUnchanged();
     console.log(source.byteLength);`,
  );
  for (const allow of [`--allow-read=${path}`, "--allow-read"]) {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["run", "--no-prompt", "--no-check", allow, script],
      { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
    );
    assert.equal(stdout, "4\n", stderr);
  }
});
