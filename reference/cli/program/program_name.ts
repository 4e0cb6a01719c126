import { basename, relative } from "node:path";
import process from "node:process";
import { environmentVariable } from "./environment_variable.ts";

/** Name of the environment variable in which a task passes its command line. */
export const PROGRAM_VARIABLE = "MAPPED_RAM_PROGRAM";
/** The name of the installed program, and of its package. */
const INSTALLED = "mapped-ram";
/** The runtimes that run it as a script; the executable has its own. */
const RUNTIMES = ["bun", "deno", "node"];

/** How the program was started. */
export interface Invocation {
  /** Value of the environment variable, if it is set. */
  readonly variable: string | undefined;
  /** Whether `npx` started it. */
  readonly byNpx: boolean;
  /** Path of the runtime. */
  readonly runtime: string;
  /** Path of the script. */
  readonly script: string;
  readonly directory: string;
}

/** Returns the words that start this program, as it was started. */
export function programWords(invocation = currentInvocation()): string[] {
  const { variable, byNpx, runtime, script, directory } = invocation;
  if (variable) return variable.split(" ");
  const name = basename(runtime).replace(/\.exe$/, "");
  if (!RUNTIMES.includes(name)) return [INSTALLED];
  if (isInstalled(script)) {
    return byNpx ? ["npx", INSTALLED] : [INSTALLED];
  }
  // Deno's installed programs cannot be told from its other scripts.
  if (name === "deno" || script === "") return [INSTALLED];
  const path = relative(directory, script);
  return [name, path.startsWith("..") ? script : path];
}

/** Whether a script is npm's link to the program, or in npm's package. */
function isInstalled(script: string): boolean {
  return basename(script) === INSTALLED ||
    /[\\/]node_modules[\\/]mapped-ram[\\/]/.test(script);
}

function currentInvocation(): Invocation {
  const { argv: [, script = ""], execPath } = process;
  return {
    variable: environmentVariable(PROGRAM_VARIABLE),
    byNpx: environmentVariable("npm_command") === "exec",
    runtime: execPath,
    script,
    directory: process.cwd(),
  };
}
