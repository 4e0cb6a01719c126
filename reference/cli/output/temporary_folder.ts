import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryFile } from "../system_error.ts";

/** Makes a folder where temporary files belong; the caller removes it. */
export function makeTemporaryFolder(): string {
  const parent = tmpdir();
  return tryFile(
    "write to",
    parent,
    () => mkdtempSync(join(parent, "mapped-ram-")),
  );
}
