import type * as NodeFs from "node:fs";
import { builtinModule } from "./builtin_module.ts";

/** Returns `node:fs`; throws if the runtime has no files. */
export function nodeFs(): typeof NodeFs {
  return builtinModule("node:fs", { what: "files", action: "open files" });
}
