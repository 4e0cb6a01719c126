import type { Snapshot } from "../../reading/mod.ts";
import { IntegrityError } from "../../sources/mod.ts";
import { checkWhole, type VerifiedSource } from "../../verity/mod.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { ProgressEvents } from "../output/progress_events.ts";

/** Options of {@linkcode checkWholeFile}. */
export interface CheckFileOptions {
  /** The snapshot in the file, whose pages an error names. */
  readonly snapshot: Snapshot | undefined;
  /** Whether progress is printed as JSON. */
  readonly json: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads all of a file, and so checks it against its digest; shows the progress.
 *
 * @throws {IntegrityError} if a byte of it is not that of its digest
 */
export async function checkWholeFile(
  source: VerifiedSource,
  { snapshot, json, signal }: CheckFileOptions,
): Promise<void> {
  using bar = json ? new ProgressEvents() : new ProgressBar("Checking");
  try {
    await checkWhole(source, { signal, onProgress: bar.show });
  } catch (error) {
    throw withPage(error, snapshot);
  }
}

/** Names the page of a snapshot in an error about bytes of its file. */
function withPage(error: unknown, snapshot: Snapshot | undefined): unknown {
  if (!(error instanceof IntegrityError)) return error;
  if (error.rule !== "verity-data") return error;
  for (const block of snapshot?.blocks ?? []) {
    const { idstr, ignored, pageSize, pagesOffset, usedLength } = block;
    const offset = error.offset - pagesOffset;
    if (ignored || offset < 0 || offset >= usedLength) continue;
    const page = { idstr, pageIndex: Math.floor(offset / pageSize) };
    return new IntegrityError(error.source, { ...error, page });
  }
  return error;
}
