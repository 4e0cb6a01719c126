import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { type ByteSink, createFileSink } from "../../sinks/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import { isUrl } from "../input/open_source.ts";
import { UsageError } from "../input/usage_error.ts";
import { tryFile } from "../system_error.ts";

/** How a command writes its files. */
export interface OutputOptions {
  /** Whether a file that is there may be replaced. */
  readonly force: boolean;
  /** What the command reads, and must not replace. */
  readonly inputs: readonly string[];
  /** Whether to go on with what a killed process left. Default: false. */
  readonly resume?: boolean;
}

/** Starts a file after {@linkcode checkOutput}. */
export function createOutput(path: string, options: OutputOptions): ByteSink {
  checkOutput(path, options);
  const { force, resume = false } = options;
  return createFileSink(path, { force, resume });
}

/** Refuses to write a file, in the words of the command line. */
export function checkOutput(
  path: string,
  { force, inputs }: OutputOptions,
): void {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    throw new UsageError(
      `Cannot write ${JSON.stringify(path)}: expected a path, not a URL; ` +
        "write a file, and upload that",
    );
  }
  const stat = statOf(path);
  if (stat === undefined) {
    checkFolder(dirname(path), path);
    return;
  }
  if (inputs.some((input) => isSameFile(path, stat, input))) {
    throw new UsageError(
      `Cannot write ${JSON.stringify(path)}: it is read, too`,
    );
  }
  if (force || !stat.isFile()) return; // createFileSink knows the other kinds.
  throw new SourceError(
    path,
    `Cannot write ${JSON.stringify(path)}: there is a file of that name ` +
      "(--force replaces it)",
  );
}

/** Refuses a folder that is not there. */
export function checkFolder(folder: string, wanted = folder): void {
  const stat = statOf(folder);
  if (stat?.isDirectory()) return;
  throw new SourceError(
    wanted,
    `Cannot write ${JSON.stringify(wanted)}: ` +
      (stat === undefined
        ? `there is no directory ${JSON.stringify(folder)} (mkdir makes it)`
        : `${JSON.stringify(folder)} is not a directory`),
  );
}

/** Bytes that a file takes on the disk; undefined where that is not told. */
export function allocatedBytes(path: string): number | undefined {
  const blocks: unknown = statOf(path)?.blocks;
  return typeof blocks === "number" ? blocks * 512 : undefined;
}

/** What is at a path; undefined if nothing is. */
function statOf(path: string): Stats | undefined {
  return tryFile("look at", path, () => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      // A file where a folder should be: no entry either.
      if ((error as { readonly code?: string }).code === "ENOTDIR") {
        return undefined;
      }
      throw error;
    }
  });
}

function isSameFile(path: string, stat: Stats, input: string): boolean {
  if (isUrl(input)) return false;
  const other = statOf(input);
  if (other === undefined) return false;
  return stat.ino !== 0 && stat.ino === other.ino && stat.dev === other.dev ||
    realpathSync(path) === realpathSync(input);
}
