import type * as ChildProcess from "node:child_process";
import type * as Crypto from "node:crypto";
import type * as Fs from "node:fs";
import type * as Module from "node:module";
import type * as Net from "node:net";
import type * as Os from "node:os";
import type * as Path from "node:path";
import type * as Process from "node:process";
import type * as WorkerThreads from "node:worker_threads";
import type * as Zlib from "node:zlib";
import { SourceError } from "../sources/mod.ts";

/** The modules of Node that the library uses, if available. */
interface BuiltinModules {
  readonly "node:child_process": typeof ChildProcess;
  readonly "node:crypto": typeof Crypto;
  readonly "node:fs": typeof Fs;
  readonly "node:module": typeof Module;
  readonly "node:net": typeof Net;
  readonly "node:os": typeof Os;
  readonly "node:path": typeof Path;
  readonly "node:process": typeof Process;
  readonly "node:worker_threads": typeof WorkerThreads;
  readonly "node:zlib": typeof Zlib;
}

/** What a module is used for, in the error of a runtime without it. */
interface BuiltinUse {
  readonly what: string;
  readonly action: string;
  /** What to do without it. */
  readonly instead?: string;
}

/**
 * Returns a module that Deno, Bun and Node have, undefined in a browser. It is
 * loaded on use, not imported, so that `mod.ts` also loads there.
 */
export function builtinModuleIfAny<Id extends keyof BuiltinModules>(
  id: Id,
): BuiltinModules[Id] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: Id) => BuiltinModules[Id] };
  };
  return process?.getBuiltinModule?.(id);
}

/** Returns a module that Deno, Bun and Node have. */
export function builtinModule<Id extends keyof BuiltinModules>(
  id: Id,
  use: BuiltinUse,
): BuiltinModules[Id] {
  const found = builtinModuleIfAny(id);
  if (found !== undefined) return found;
  const { what, action, instead } = use;
  const advice = instead === undefined ? "" : `: ${instead}`;
  throw new SourceError(
    what,
    `Cannot ${action}: this runtime has no ${id}${advice}`,
  );
}

/** Returns `node:fs`; throws if the runtime does not have it. */
export function nodeFs(): typeof Fs {
  return builtinModule("node:fs", {
    what: "files",
    action: "open files",
    instead: "in a browser, use blobSource, openHttpSource and memorySink",
  });
}
