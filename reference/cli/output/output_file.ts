import type { Stats } from "node:fs";
import { dirname } from "node:path";
import { dataRanges, tryLock } from "../../system/mod.ts";
import {
  type ByteSink,
  createFileSink,
  outputTarget,
} from "../../sinks/mod.ts";
import { isWebUrl, SourceError, urlScheme } from "../../sources/mod.ts";
import { UsageError } from "../program/usage_error.ts";
import { statOf } from "./file_stat.ts";
import { oldSidecar } from "./old_sidecar.ts";
import { tryFolder } from "./try_folder.ts";

/** Options of writing a file of a command. */
export interface OutputOptions {
  /** Whether an existing file may be replaced. */
  readonly force: boolean;
  /** Inputs of the command, which it must not replace. */
  readonly inputs: readonly string[];
  /** Whether to continue what a killed process left. Default: false. */
  readonly resume?: boolean;
}

/** Starts a file after {@linkcode checkOutput}. */
export function createOutput(path: string, options: OutputOptions): ByteSink {
  outputFolder(path, options);
  const { force, resume = false } = options;
  // A link, and the file that it leads to, may each have a sidecar.
  const outdated = [...new Set([path, outputTarget(path).path])]
    .map(oldSidecar).filter((it) => it !== undefined);
  return createFileSink(path, {
    ...{ force, resume, tryLock, dataRanges },
    outdated,
  });
}

/** Writes a file of text after {@linkcode checkOutput}. */
export async function writeOutput(
  path: string,
  text: string,
  options: OutputOptions,
): Promise<void> {
  const sink = createOutput(path, options);
  try {
    await sink.write(new TextEncoder().encode(text), 0);
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

/**
 * Refuses an output file before any work is done that would be lost. The
 * messages name the options of the command line.
 */
export function checkOutput(path: string, options: OutputOptions): void {
  tryFolder(outputFolder(path, options), path);
}

/** Returns the folder of an output file, unless that is refused. */
function outputFolder(
  path: string,
  { force, inputs }: OutputOptions,
): string {
  checkOutputPath(path);
  const target = outputTarget(path);
  const { stat } = target;
  if (stat !== undefined && inputs.some((it) => isSameFile(stat, it))) {
    throw new UsageError(
      `Cannot write ${JSON.stringify(path)}: it is an input, too`,
    );
  }
  if (stat !== undefined && !force) {
    throw new SourceError(
      path,
      `Cannot write ${JSON.stringify(path)}: there is a file of that name ` +
        "(--force replaces it)",
    );
  }
  const sidecar = force ? undefined : oldSidecar(path);
  if (sidecar !== undefined) {
    throw new SourceError(
      path,
      `Cannot write ${
        JSON.stringify(path)
      }: there are the hashes of an older ` +
        `file at ${JSON.stringify(sidecar)} (--force removes them)`,
    );
  }
  // A folder is named as the caller did, unless a link leads to another.
  const folder = dirname(stat === undefined ? path : target.path);
  checkIsFolder(folder, path);
  return folder;
}

/** Refuses a URL, and "-" for standard output. */
export function checkOutputPath(path: string): void {
  if (urlScheme(path) !== undefined) {
    throw new UsageError(
      `Cannot write ${JSON.stringify(path)}: expected a path, not a URL; ` +
        "write a file, and upload that",
    );
  }
  if (path === "-") {
    throw new UsageError(
      'Cannot write to "-": pages are written at their places in a file, not in ' +
        "sequence to standard output (./- is a file of that name)",
    );
  }
}

/** Refuses a folder that does not exist or in which no file can be created. */
export function checkFolder(folder: string, wanted = folder): void {
  checkIsFolder(folder, wanted);
  tryFolder(folder, wanted);
}

function checkIsFolder(folder: string, wanted: string): void {
  const stat = statOf(folder);
  if (!stat?.isDirectory()) {
    throw new SourceError(
      wanted,
      `Cannot write ${JSON.stringify(wanted)}: ` +
        (stat === undefined
          ? `there is no directory ${
            JSON.stringify(folder)
          } (create it with mkdir)`
          : `${JSON.stringify(folder)} is not a directory`),
    );
  }
}

/** Whether there is a folder at a path. */
export function isFolderAt(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}

function isSameFile(stat: Stats, input: string): boolean {
  if (isWebUrl(input)) return false;
  const other = statOf(input);
  if (other === undefined) return false;
  return stat.ino !== 0 && stat.ino === other.ino && stat.dev === other.dev;
}
