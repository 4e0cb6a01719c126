import { ByteWriter } from "../../format/bytes/mod.ts";
import { encodeRamEnd } from "../../format/ram/mod.ts";
import { QEMU_VM_EOF } from "../../format/stream/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { DemandQueue } from "./demand_queue.ts";
import { PageWriter, type PostcopyStatistics } from "./page_writer.ts";
import { PostcopyBlock } from "./postcopy_block.ts";
import {
  type Opening,
  postcopyOpening,
  readOpening,
} from "./postcopy_opening.ts";
import type { PostcopyOptions } from "./postcopy_options.ts";
import { type PushFront, pushFrontOf } from "./push_batches.ts";
import { pushPages } from "./push_pages.ts";
import { pushZeros } from "./push_zeros.ts";
import { listenToRequests } from "./request_listener.ts";

/** Host page size of most machines. */
const HOST_PAGE_SIZE = 4096;
const RETRY_FOR = 60_000;

/**
 * Acts as the source of a postcopy migration: an unmodified QEMU at the other
 * end runs the guest at once, requests pages as the guest touches them, and
 * gets them from the snapshot, from any kind of source.
 *
 * The destination needs the capability `postcopy-ram`, and neither `mapped-ram`
 * nor `x-ignore-shared`.
 *
 * @example
 * ```ts
 * import { openHttpSource, openSnapshot } from "../../mod.ts";
 * import {
 *   connectSocket,
 *   PostcopySource,
 * } from "../doors/qemu.ts";
 *
 * // QEMU runs with -incoming unix:/run/vm.sock.
 * async function resume(url: string): Promise<void> {
 *   const snapshot = await openSnapshot(await openHttpSource(url));
 *   const source = new PostcopySource(snapshot);
 *   await source.serve(await connectSocket("unix:/run/vm.sock"));
 *   console.log(source.statistics.requestedPages);
 * }
 * ```
 */
export class PostcopySource {
  /** What has been sent so far. */
  readonly statistics: Readonly<PostcopyStatistics>;
  readonly #statistics: PostcopyStatistics = {
    requests: 0,
    requestedPages: 0,
    pushedPages: 0,
    pushedZeros: 0,
    bytesSent: 0,
    retries: 0,
  };
  readonly #snapshot: Snapshot;
  readonly #options: PostcopyOptions;
  readonly #blocks: readonly PostcopyBlock[];
  #opening: Promise<Opening> | undefined;
  #ended = false;
  /** Settles when the destination has loaded its device state. */
  readonly #loaded = Promise.withResolvers<void>();

  /**
   * Serves an open snapshot; reads nothing yet.
   *
   * @throws {RangeError} if RAM was left out of it, or a page size is invalid
   */
  constructor(snapshot: Snapshot, options: PostcopyOptions = {}) {
    this.statistics = this.#statistics;
    this.#snapshot = snapshot;
    this.#options = options;
    const { hostPageSize = HOST_PAGE_SIZE, hugePageSizes = {} } = options;
    for (const idstr of Object.keys(hugePageSizes)) snapshot.block(idstr);
    this.#blocks = snapshot.blocks.map((block) => {
      if (block.ignored) {
        throw new RangeError(
          `Cannot resume ${JSON.stringify(snapshot.source.name)}: the pages ` +
            `of ${JSON.stringify(block.idstr)} were left out of it ` +
            "(x-ignore-shared)",
        );
      }
      const size = Object.hasOwn(hugePageSizes, block.idstr)
        ? hugePageSizes[block.idstr]
        : hostPageSize;
      return new PostcopyBlock(block, size);
    });
  }

  /**
   * Reads what is sent before the first page, mostly device state. Calling it
   * before the destination connects starts the guest sooner.
   *
   * @throws {UnsupportedError} if the end of the device state cannot be found
   */
  async prepare(): Promise<void> {
    this.#opening ??= readOpening(postcopyOpening(
      this.#snapshot,
      this.#blocks,
      {
        dirtyBitmaps: this.#options.dirtyBitmaps ?? true,
        commonPageSize: Math.max(
          this.#options.hostPageSize ?? HOST_PAGE_SIZE,
          this.#blocks[0]?.block.pageSize ?? 0,
        ),
      },
    ));
    await this.#opening;
  }

  /**
   * Sends the guest over `channel` and serves its pages until the destination
   * has all of them; without pushing, until it closes the connection. Closes
   * the channels at the end. It can be called only once.
   *
   * @throws {SourceError} if the destination disconnects early, or a page
   * cannot be read within the time for retries; the guest then waits for that
   * page and never sees other bytes
   * @throws {UnsupportedError} if the end of the device state cannot be found
   */
  async serve(channel: ByteChannel): Promise<void> {
    const { signal, preempt } = this.#options;
    const stop = new AbortController();
    const abort = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      await this.#serve(channel, stop.signal);
    } finally {
      signal?.removeEventListener("abort", abort);
      stop.abort();
      channel.close();
      preempt?.close();
    }
  }

  async #serve(channel: ByteChannel, signal: AbortSignal): Promise<void> {
    const { preempt, retryFor = RETRY_FOR, onRetry } = this.#options;
    const { sectionId } = this.#snapshot.index.ramSection;
    const writer = new PageWriter(this.#statistics, {
      channel,
      preempt,
      sectionId,
      retryFor,
      onRetry,
      signal,
    });
    const front = this.#options.push === false
      ? undefined
      : pushFrontOf(this.#blocks);
    const queue = new DemandQueue(writer, front);
    const aborted = rejection(signal);
    const hungUp = listenToRequests(channel, this.#blocks, {
      onLoaded: () => {
        this.#loaded.resolve();
        this.#options.onLoaded?.();
      },
      onRequest: (block, run) => {
        this.#statistics.requests++;
        this.#options.onRequest?.({ idstr: block.block.idstr, ...run });
        return queue.add(block, block.hostPagesOf(run));
      },
      signal,
    });
    // The destination may disconnect while data is still being written.
    const sent = this.#send(channel, { writer, queue, front, signal });
    sent.catch(() => {});
    hungUp.catch(() => {});
    await Promise.race([
      // Sending everything does not end the serving.
      sent.then(() => never()),
      // Disconnecting is a valid answer only to the end of the stream.
      hungUp.then((how) => {
        return this.#ended && how === "shut" ? sent : this.#hangUp(channel);
      }),
      queue.failure,
      aborted,
    ]);
  }

  async #send(
    channel: ByteChannel,
    { writer, queue, front, signal }: {
      readonly writer: PageWriter;
      readonly queue: DemandQueue;
      readonly front: PushFront | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { index } = this.#snapshot;
    await this.prepare();
    const opening = await this.#opening;
    if (opening === undefined) return;
    await writer.write(channel, opening.start);
    for await (const piece of opening.rest) await writer.write(channel, piece);
    if (this.#options.push === false) return await never();
    const options = {
      first: this.#options.pushFirst ?? [],
      maxBandwidth: this.#options.maxBandwidth ?? Infinity,
      gate: queue.gate,
      front,
      signal,
    };
    await pushPages(this.#blocks, writer, options);
    const hasOwnChannel = this.#options.preempt !== undefined;
    if (!hasOwnChannel) await pushZeros(this.#blocks, writer, options);
    // After the end no requests are answered, but loading a device may need
    // pages.
    await this.#loaded.promise;
    await queue.gate.idle(signal);
    const end = new ByteWriter().bytes(encodeRamEnd(index.ramSection));
    this.#ended = true;
    queue.end({ hasOwnChannel });
    await writer.write(channel, end.u8(QEMU_VM_EOF).finish());
  }

  #hangUp(channel: ByteChannel): never {
    const { requestedPages, pushedPages } = this.#statistics;
    throw new SourceError(
      channel.name,
      `Cannot continue serving ${channel.name}: QEMU closed the connection ` +
        `after ${requestedPages + pushedPages} pages`,
    );
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function rejection(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
