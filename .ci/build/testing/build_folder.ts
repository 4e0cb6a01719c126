import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { ROOT } from "../project.ts";

/** A test that builds, or installs, takes a while on a busy machine. */
export const PATIENT = { timeout: 900_000 };

/** A temporary folder in which tests build. */
export class BuildFolder implements Disposable {
  /** Path of the folder. */
  readonly path = mkdtempSync(join(tmpdir(), "mapped-ram-build-"));
  /** Path of what the first build makes. */
  readonly dist = join(this.path, "dist");

  /** Builds; `options` are those of `.ci/build/main.ts`. */
  build(out: string, ...options: readonly string[]): void {
    const program = join(ROOT, ".ci/build/main.ts");
    const args = ["run", "--allow-all", program, "--out", out, ...options];
    execFileSync(execPath, args, { cwd: this.path, stdio: "pipe" });
  }

  /** Runs a program; returns what it prints. */
  run([program, ...args]: readonly string[], cwd = this.path): string {
    return execFileSync(program, args, {
      cwd,
      encoding: "utf8",
      stdio: "pipe",
    });
  }

  /** Removes the folder. */
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

/** Runs a program of the npm registry that deno.json names. */
export function runTool(name: string, ...args: readonly string[]): string {
  return execFileSync(execPath, ["run", "--allow-all", name, ...args], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: "pipe",
  });
}
