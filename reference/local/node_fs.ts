import type * as NodeFs from "node:fs";
import { builtinModule } from "./builtin_module.ts";

/** `node:fs`, or an error where there are no files. */
export function nodeFs(): typeof NodeFs {
  return builtinModule("node:fs", { what: "files", action: "open files" });
}
