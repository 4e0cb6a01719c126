import process from "node:process";

/** Reads an environment variable; undefined if Deno may not read it. */
export function environmentVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}
