import process from "node:process";
import { mayAsk } from "../../work/mod.ts";

/** Reads an environment variable; undefined if Deno may not read it. */
export function environmentVariable(name: string): string | undefined {
  return mayAsk({ name: "env", variable: name })
    ? process.env[name]
    : undefined;
}
