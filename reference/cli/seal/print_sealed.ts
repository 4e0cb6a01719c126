import { sidecarPlace } from "../../inputs/mod.ts";
import { shownName } from "../../sources/mod.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { printLog } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { printEvent } from "../output/progress_events.ts";
import { sealFile, type SealFileOptions } from "./seal_file.ts";

/** Seals a file and prints its digest. */
export async function printSealed(
  path: string,
  options: SealFileOptions,
): Promise<void> {
  const started = performance.now();
  const { sidecar, json } = options;
  const { transfer, ...summary } = await sealFile(path, options);
  if (!json) return printDigest(path, summary.digest);
  printEvent("sealed", {
    file: shownName(path),
    ...summary,
    sidecar,
    allocatedBytes: allocatedBytes(sidecar),
    milliseconds: performance.now() - started,
    transfer,
  });
}

/** Prints a digest as `fsverity digest` does. */
export function printDigest(path: string, digest: string): void {
  printLog(`${digest} ${printable(shownName(path))}`);
}

/** Options of {@linkcode sealOutput}. */
export type SealOutputOptions = Omit<SealFileOptions, "sidecar">;

/** Seals a file that a command has just written, and prints its digest. */
export function sealOutput(
  path: string,
  options: SealOutputOptions,
): Promise<void> {
  return printSealed(path, { ...options, sidecar: sidecarPlace(path) });
}
