import type { PageRun, RamRecordWriter } from "../../format/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import type { SourceError } from "../sources/mod.ts";
import type { PageRecords } from "./page_records.ts";
import { readPersistently } from "./persistent_read.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/** What was sent to a destination so far. */
export interface PostcopyStatistics {
  /** Requests for pages that the destination made. */
  requests: number;
  /** Pages that were sent since they were asked for, zero pages among them. */
  requestedPages: number;
  /** Pages of the snapshot that were sent without being asked for. */
  pushedPages: number;
  /** Pages of zeros that were sent at the end without being asked for. */
  pushedZeros: number;
  /** Bytes sent, whatever they were. */
  bytesSent: number;
  /** Reads of the snapshot that failed and were tried again. */
  retries: number;
}

/** Where pages go, and how long to try to read them. */
export interface PageWriterOptions {
  /** The channel that the migration goes over. */
  readonly channel: ByteChannel;
  /** The channel for requested pages, where the destination has one of its own. */
  readonly preempt: ByteChannel | undefined;
  /** section_id of the RAM section. */
  readonly sectionId: number;
  /** Milliseconds for which a read that fails is tried again. */
  readonly retryFor: number;
  /** Is told of each failure that another try follows. */
  readonly onRetry: ((error: SourceError) => void) | undefined;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/** Reads pages of a snapshot and writes them to a destination. */
export class PageWriter {
  readonly statistics: PostcopyStatistics;
  readonly #options: PageWriterOptions;

  /** Counts what it sends in `statistics`. */
  constructor(statistics: PostcopyStatistics, options: PageWriterOptions) {
    this.statistics = statistics;
    this.#options = options;
  }

  /** Sends the pages of a host page that was asked for. */
  async sendDemanded(
    block: PostcopyBlock,
    pages: PageRun,
    records: PageRecords,
  ): Promise<void> {
    const { channel, preempt, sectionId, signal } = this.#options;
    // Records of their own channel stand in no section.
    const options = {
      signal,
      sectionId: preempt === undefined ? sectionId : undefined,
    };
    const bytes = await this.#persistently(async () => {
      if (pages.end - pages.first === 1) {
        return await records.readOne(block, pages.first, options);
      }
      await records.read(block, [pages], options);
      return await records.encode(block, [pages], options);
    });
    this.statistics.requestedPages += pages.end - pages.first;
    await this.write(preempt ?? channel, bytes);
  }

  /** Reads runs of pages that nobody has asked for, as yet. */
  async readAhead(
    block: PostcopyBlock,
    runs: readonly PageRun[],
    records: PageRecords,
  ): Promise<void> {
    const { signal } = this.#options;
    await this.#persistently(() =>
      records.read(block, runs, { signal, background: true })
    );
  }

  /** Sends those parts of the runs read last; returns how many bytes. */
  async sendAhead(
    block: PostcopyBlock,
    parts: readonly PageRun[],
    records: PageRecords,
  ): Promise<number> {
    const { channel, sectionId, signal } = this.#options;
    const bytes = await this.#persistently(() =>
      records.encode(block, parts, { signal, sectionId })
    );
    const count = parts.reduce((sum, it) => sum + it.end - it.first, 0);
    this.statistics.pushedPages += count;
    await this.write(channel, bytes);
    return bytes.length;
  }

  /** Sends zeros for some pages; returns how many bytes. */
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

  /** Writes to a channel, and counts. */
  async write(channel: ByteChannel, bytes: Uint8Array): Promise<void> {
    this.statistics.bytesSent += bytes.length;
    await channel.write(bytes);
  }

  #persistently<T>(read: () => Promise<T>): Promise<T> {
    const { retryFor, signal, onRetry } = this.#options;
    return readPersistently(read, {
      retryFor,
      signal,
      onRetry: (error) => {
        this.statistics.retries++;
        onRetry?.(error);
      },
    });
  }
}
