import assert from "node:assert/strict";
import { statSync, truncateSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { PATIENT, run, runBad, runGood } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";

const PAGES_LENGTH = 0x1000000;

/** Returns the unfinished file, if it has all nonzero pages. */
function filledPartial(scratch: ScratchDirectory): string | undefined {
  const name = scratch.list().find((it) => it.endsWith(".partial"));
  if (name === undefined) return undefined;
  const path = scratch.file(name);
  const { blocks = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return blocks * 512 >= PAGES_LENGTH ? path : undefined;
}

/** Kills the program once the unfinished file has its pages. */
async function killSave(
  args: readonly string[],
  scratch: ScratchDirectory,
): Promise<string> {
  const { code } = await run(args, {
    onStart(child) {
      const timer = setInterval(() => {
        if (filledPartial(scratch) === undefined) return;
        clearInterval(timer);
        if (child.pid !== undefined) process.kill(child.pid, "SIGKILL");
      }, 1);
      child.on("close", () => clearInterval(timer));
    },
  });
  assert.notEqual(code, 0);
  return filledPartial(scratch) ?? assert.fail("nothing is left");
}

test(
  "save --resume continues what a killed save left, and checks it",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.file("image");
    const pages = new Uint8Array(PAGES_LENGTH);
    for (let at = 0; at < pages.length; at += 4096) pages[at] = 1 + at % 251;
    writeFileSync(image, pages);
    // Reading the holes after them takes so long that the save can be killed.
    truncateSync(image, 2 ** 38);
    const out = scratch.file("out.mr");
    const args = ["save", out, "--block", `ram=${image}`];
    await runBad([...args, "--resume"], 1, /there is no unfinished file of it/);

    const partial = await killSave([...args, "--scan"], scratch);
    const verified = await run(["verify", partial]);
    assert.equal(verified.code, 1);
    assert.match(verified.stdout, /^unfinished: /m);
    // A file of other memory is refused, and kept.
    const small = scratch.write("small", "x");
    await runBad(
      ["save", out, "--block", `ram=${small}`, "--resume"],
      1,
      /expected \d+; it belongs to another save/,
    );
    const { stdout } = await runGood([...args, "--resume"]);
    // The last run of pages may not have been written yet.
    assert.match(
      stdout,
      /^(4,0|3,)\d+ pages already there, compared and kept$/m,
    );
    assert.equal((await runGood(["verify", out, "--pages"])).code, 0);
    const read = ["read", out, "ram", "0", "0x1000000", "--out", "-"];
    assert((await runGood(read)).bytes.equals(pages));
    assert.deepEqual(scratch.list(), ["image", "out.mr", "small"]);
  },
);
