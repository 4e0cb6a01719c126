import { sourceAddress } from "../../inputs/mod.ts";
import { fileData } from "../../system/mod.ts";
import { identityOf } from "../../local/mod.ts";
import {
  OpenedFiles,
  type OpenedPlace,
  type Transfer,
} from "../../opening/mod.ts";
import { backingOf, type ByteSource, SourceError } from "../../sources/mod.ts";
import {
  type SealJob,
  sealSource,
  type SealSummary,
} from "../../sealing/mod.ts";
import { refusePipedInput } from "../input/open_source.ts";
import { statOf } from "../output/file_stat.ts";
import { createOutput } from "../output/output_file.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { ProgressEvents } from "../output/progress_events.ts";

/** Options of hashing a file. */
export interface HashFileOptions {
  /** Maximum threads. */
  readonly jobs: number;
  /** Whether to report the progress as events. */
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** Threads that were started. Default: they are started if needed. */
  readonly pool?: SealJob["pool"];
}

/** Options of {@linkcode sealFile}. */
export interface SealFileOptions extends HashFileOptions {
  /** Path of the sidecar. */
  readonly sidecar: string;
  /** Whether it may replace another. */
  readonly force: boolean;
}

/** The result of sealing a file. */
export interface SealedFile extends SealSummary {
  /** Requests and bytes of a network source; undefined for a file. */
  readonly transfer: Transfer | undefined;
}

/** Writes the sidecar of a file, given by its path or URL. */
export async function sealFile(
  path: string,
  { sidecar, force, ...options }: SealFileOptions,
): Promise<SealedFile> {
  const sink = createOutput(sidecar, { force, inputs: [path] });
  try {
    const sealed = await hashFile(path, {
      ...options,
      async work(source, { transfer, ...job }) {
        const summary = await sealSource(source, sink, {
          ...job,
          commit: false,
        });
        return { ...summary, transfer: transfer() };
      },
    });
    await sink.commit();
    return sealed;
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

/**
 * Opens a file and hashes it by `work`, without holes that the file system
 * reports.
 *
 * @throws {SourceError} if it cannot be read, or was replaced meanwhile
 */
export async function hashFile<Result>(
  path: string,
  { json, work, ...job }: HashFileOptions & {
    readonly work: (
      source: ByteSource,
      options: SealJob & Pick<OpenedPlace, "transfer">,
    ) => Promise<Result>;
  },
): Promise<Result> {
  refusePipedInput(path);
  using files = new OpenedFiles();
  // Without a cache: each byte is read once. An image is sealed as it is.
  const source = await files.open(sourceAddress(path), {
    signal: job.signal,
  });
  using bar = json ? new ProgressEvents() : new ProgressBar("Sealing");
  const result = await work(source, {
    transfer: () => files.transfer,
    ...job,
    dataRanges: fileData(source),
    onProgress: bar.show,
  });
  checkInPlace(source);
  return result;
}

/** Refuses a file that was replaced after it was opened. */
function checkInPlace(source: ByteSource): void {
  const backing = backingOf(source);
  if (backing?.kind !== "file") return;
  const stat = statOf(backing.path);
  // A block device is known by its own number.
  if (stat?.isBlockDevice()) return;
  if (stat !== undefined && identityOf(stat) === backing.identity) return;
  throw new SourceError(
    source.name,
    `Cannot seal ${JSON.stringify(source.name)}: another file has taken its ` +
      "place meanwhile",
    { changed: true },
  );
}
