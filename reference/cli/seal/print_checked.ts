import { parseVerityDigest } from "../../../format/verity/mod.ts";
import { verityDigest } from "../../sealing/mod.ts";
import {
  type ByteSource,
  IntegrityError,
  shownName,
} from "../../sources/mod.ts";
import { checkSidecar } from "../../verity/mod.ts";
import { fileData } from "../../system/mod.ts";
import { openSource } from "../input/open_source.ts";
import { printEvent } from "../output/progress_events.ts";
import { readOption } from "../program/usage_error.ts";
import { printDigest } from "./print_sealed.ts";
import { hashFile, type HashFileOptions } from "./seal_file.ts";

/** Options of {@linkcode printChecked}. */
export interface CheckFileOptions extends HashFileOptions {
  /** The digest that the file must have. */
  readonly digest: string;
  /** Path of the sidecar, which must be that of the digest, too, if any. */
  readonly sidecar: string | undefined;
}

/** Compares a file with a digest, and prints that. */
export async function printChecked(
  file: string,
  options: CheckFileOptions,
): Promise<void> {
  const { digest, sidecar, json } = options;
  readOption("--check", () => parseVerityDigest(digest));
  await checkFile(file, options);
  if (!json) return printDigest(file, digest);
  printEvent("checked", {
    file: shownName(file),
    digest,
    sidecar: sidecar && shownName(sidecar),
  });
}

/**
 * Compares a file with a digest, and its sidecar if there is one.
 *
 * @throws {IntegrityError} if one of them is another
 */
async function checkFile(
  file: string,
  { digest, sidecar, ...options }: CheckFileOptions,
): Promise<void> {
  await hashFile(file, {
    ...options,
    async work(source, job) {
      const found = await verityDigest(source, job);
      if (found !== digest) throw wrongDigest(source, { found, digest });
      if (sidecar === undefined) return;
      const { signal, dataRanges } = job;
      using opened = await openSource({ file: sidecar, asIs: true }, {
        signal,
      });
      const tree = opened.source;
      const treeRanges = fileData(tree);
      const ranges = { dataRanges, treeRanges };
      await checkSidecar(source, { tree, digest, ...ranges, signal });
    },
  });
}

function wrongDigest(
  { name, byteLength }: ByteSource,
  { found, digest }: { readonly found: string; readonly digest: string },
): IntegrityError {
  return new IntegrityError(name, {
    rule: "verity-digest",
    offset: 0,
    length: byteLength,
    found: `a file with the digest ${found}`,
    expected: digest,
    digest,
  });
}
