import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judgeAnswer } from "../runner/judge_answer.ts";
import { suiteVectors } from "../runner/suite_vectors.ts";

const ADAPTER = fileURLToPath(
  new URL("analyze_migration.py", import.meta.url),
);

/** Where the script may be: no Debian package has it so far. */
const SCRIPT = [
  env.MAPPED_RAM_ANALYZE_MIGRATION ?? "",
  "/usr/share/qemu/analyze-migration.py",
  "/usr/bin/analyze-migration.py",
].find((path) => path !== "" && existsSync(path));

/** QEMU's files that its script cannot read, and the resulting difference. */
const KNOWN: Readonly<Record<string, RegExp>> = {
  "none-background-snapshot": /accepted, expected a refusal/,
  "none-dirty-bitmaps": /Unknown QEMU_VM_COMMAND/,
  "none-many-parts": /Unknown QEMU_VM_COMMAND/,
  "none-offset": /no option for --offset/,
  "none-suppress-vmdesc": /refused/,
};

const SKIPPED = SCRIPT === undefined &&
  "QEMU's analyze-migration.py is not installed, nor named in " +
    "MAPPED_RAM_ANALYZE_MIGRATION";
const NAME = "analyze-migration.py reads QEMU's files, with known exceptions" +
  (SKIPPED ? ` (skipped: ${SKIPPED})` : "");

test(NAME, { skip: SKIPPED, timeout: 300_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), "mapped-ram-analyze-"));
  try {
    for (const { path, expected, unpackTo } of suiteVectors()) {
      const [, name] = /^vectors\/qemu\/((?!sequential).*)$/.exec(path) ?? [];
      if (name === undefined) continue;
      const file = join(scratch, "snapshot");
      unpackTo(file);
      const args = Object.entries(expected.options ?? {})
        .map(([name, value]) => `--${name}=${value}`);
      const command = [ADAPTER, SCRIPT ?? "", file, ...args];
      const { stdout } = spawnSync("python3", command, { encoding: "utf8" });
      const { state, reasons } = judgeAnswer(JSON.parse(stdout), expected);
      const message = KNOWN[name];
      if (message === undefined) {
        assert.equal(state, "pass", `${path} ${reasons}`);
      } else assert.match(reasons.join(), message, path);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
