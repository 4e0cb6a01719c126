import { execFileSync, spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("complete_lines.py", import.meta.url));
const REQUIRE = "MAPPED_RAM_REQUIRE_SHELLS";

/** Whether tests in a shell are skipped: why, or false. */
export function withoutShell(shell: string): string | false {
  if (process.env[REQUIRE] === "1") return false;
  const missing = [shell, "python3"].find((it) =>
    spawnSync(it, ["--version"]).status !== 0
  );
  return missing === undefined ? false : `there is no ${missing}`;
}

/**
 * Types lines into an interactive shell that has evaluated a file, inserts all
 * that completes them, and returns what they became.
 */
export function completeLines(
  shell: string,
  script: string,
  { lines, folder }: {
    readonly lines: readonly string[];
    readonly folder: string;
  },
): string[] {
  const args = [PROGRAM, shell, script, ...lines];
  return JSON.parse(
    execFileSync("python3", args, { cwd: folder, encoding: "utf8" }),
  );
}
