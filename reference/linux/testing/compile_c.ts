import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../../testing/scratch_folder.ts";

/**
 * Set to 1 to make tests fail, instead of being skipped, without a compiler.
 */
const REQUIRE = "MAPPED_RAM_REQUIRE_CC";

/** Returns the name of the C compiler; undefined if there is none. */
export function findCompiler(): string | undefined {
  for (const name of ["cc", "gcc", "clang"]) {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return name;
    } catch {
      // Try the next name.
    }
  }
  return undefined;
}

/** Defines a test that compiles C; skipped by name without a compiler. */
export function compilerTest(
  name: string,
  body: (compiler: string) => void | Promise<void>,
): void {
  const compiler = findCompiler();
  if (compiler !== undefined) test(name, () => body(compiler));
  else if (env[REQUIRE] === "1") {
    test(name, () => {
      throw new Error(
        `Cannot run the test: no C compiler, and ${REQUIRE} is 1`,
      );
    });
  } else test(`${name} (skipped: no C compiler)`, { skip: true }, () => {});
}

/** Compiles and runs a C program; returns what it prints. */
export function runC(compiler: string, source: string): string {
  using folder = new ScratchFolder();
  const program = join(folder.path, "program");
  const args = ["-x", "c", "-o", program, "-"];
  execFileSync(compiler, args, { input: source });
  return execFileSync(program, { encoding: "utf8" });
}
