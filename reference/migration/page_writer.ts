import type { PageRun } from "../../format/bitmap/mod.ts";
import type { RamRecordWriter } from "../../format/sequential/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import type { SourceError } from "../sources/mod.ts";
import type { PageRecords } from "./page_records.ts";
import { readPersistently } from "./persistent_read.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/** What has been sent to a destination so far. */
export interface PostcopyStatistics {
  /** Page requests of the destination. */
  requests: number;
  /** Pages sent on request, including zero pages. */
  requestedPages: number;
  /** Pages of the snapshot sent without a request. */
  pushedPages: number;
  /** Zero pages sent at the end without a request. */
  pushedZeros: number;
  /** Bytes sent of any kind. */
  bytesSent: number;
  /** Failed reads of the snapshot that were retried. */
  retries: number;
}

/** Where pages are sent, and how long failing reads are retried. */
export interface PageWriterOptions {
  /** The channel of the migration. */
  readonly channel: ByteChannel;
  /** The channel for requested pages, if the destination uses one. */
  readonly preempt: ByteChannel | undefined;
  /** section_id of the RAM section. */
  readonly sectionId: number;
  /** Milliseconds for which a failing read is retried. */
  readonly retryFor: number;
  /** Called for each failure that is retried. */
  readonly onRetry: ((error: SourceError) => void) | undefined;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/** Reads pages of a snapshot and sends them to a destination. */
export class PageWriter {
  readonly statistics: PostcopyStatistics;
  readonly #options: PageWriterOptions;

  /** Counts what is sent in `statistics`. */
  constructor(statistics: PostcopyStatistics, options: PageWriterOptions) {
    this.statistics = statistics;
    this.#options = options;
  }

  /** Sends the pages of a requested host page. */
  async sendDemanded(
    block: PostcopyBlock,
    pages: PageRun,
    records: PageRecords,
  ): Promise<void> {
    const { channel, preempt, sectionId, signal } = this.#options;
    // Records on the channel for requested pages are in no section.
    const options = {
      signal,
      sectionId: preempt === undefined ? sectionId : undefined,
    };
    const bytes = await this.#persistently(block, async () => {
      if (pages.end - pages.first === 1) {
        return await records.readOne(block, pages.first, options);
      }
      await records.read(block, [pages], options);
      return await records.encode(block, [pages], options);
    });
    this.statistics.requestedPages += pages.end - pages.first;
    await this.write(preempt ?? channel, bytes);
  }

  /** Reads runs of pages that have not been requested yet. */
  async readAhead(
    block: PostcopyBlock,
    runs: readonly PageRun[],
    records: PageRecords,
  ): Promise<void> {
    const { signal } = this.#options;
    await this.#persistently(
      block,
      () => records.read(block, runs, { signal, background: true }),
    );
  }

  /** Sends those parts of the runs read last; returns the number of bytes. */
  async sendAhead(
    block: PostcopyBlock,
    parts: readonly PageRun[],
    records: PageRecords,
  ): Promise<number> {
    const { channel, sectionId, signal } = this.#options;
    const bytes = await this.#persistently(
      block,
      () => records.encode(block, parts, { signal, sectionId }),
    );
    const count = parts.reduce((sum, it) => sum + it.end - it.first, 0);
    this.statistics.pushedPages += count;
    await this.write(channel, bytes);
    return bytes.length;
  }

  /** Sends zeros for some pages; returns the number of bytes. */
  async sendZeros(
    { block }: PostcopyBlock,
    { first, end }: PageRun,
    records: RamRecordWriter,
  ): Promise<number> {
    const { channel, sectionId } = this.#options;
    records.start(sectionId);
    for (let page = first; page < end; page++) {
      records.zero(block.idstr, page * block.pageSize);
    }
    const bytes = records.finish(sectionId);
    this.statistics.pushedZeros += end - first;
    await this.write(channel, bytes);
    return bytes.length;
  }

  /** Writes to a channel and counts the bytes. */
  async write(channel: ByteChannel, bytes: Uint8Array): Promise<void> {
    this.statistics.bytesSent += bytes.length;
    await channel.write(bytes);
  }

  /** Reads for a guest; rejects if the file has changed since it was opened. */
  #persistently<T>(
    { block }: PostcopyBlock,
    read: () => Promise<T>,
  ): Promise<T> {
    const { retryFor, signal, onRetry } = this.#options;
    const readUnchanged = async () => {
      const result = await read();
      block.checkUnchanged?.();
      return result;
    };
    return readPersistently(readUnchanged, {
      retryFor,
      signal,
      onRetry: (error) => {
        this.statistics.retries++;
        onRetry?.(error);
      },
    });
  }
}
