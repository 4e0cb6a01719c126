import type { WaitOptions } from "../work/mod.ts";
import { runProgram } from "./run_program.ts";

/** What a QEMU reports about itself without starting a machine. */
export interface QemuFacts {
  /** The program, as given. */
  readonly program: string;
  /** Version: `10.0.2`; empty if it does not report one. */
  readonly version: string;
  /** Properties of its `memory-backend-file`: `offset`, `rom` … */
  readonly memoryBackendFile: readonly string[];
}

/**
 * Returns the version of a QEMU and the ways in which it can map memory.
 *
 * @throws {SourceError} if the program cannot be run
 *
 * @example
 * ```ts
 * import { queryQemu } from "../doors/qemu.ts";
 *
 * async function canMap(program: string): Promise<boolean> {
 *   return (await queryQemu(program)).memoryBackendFile.includes("rom");
 * }
 * ```
 */
export async function queryQemu(
  program = "qemu-system-x86_64",
  options: WaitOptions = {},
): Promise<QemuFacts> {
  const help = ["-object", "memory-backend-file,help"];
  const [version, properties] = await Promise.all([
    runProgram(program, ["--version"], options),
    runProgram(program, help, options),
  ]);
  return {
    program,
    version: /version (\d+(?:\.\d+)+)/.exec(version)?.[1] ?? "",
    memoryBackendFile: Array.from(
      properties.matchAll(/^[ \t]+([\w-]+)=</gm),
      (match) => match[1] ?? "",
    ),
  };
}
