import type { PageRun } from "../../format/bitmap/mod.ts";
import { DemandGate, IntegrityError } from "../sources/mod.ts";
import { PageRecords } from "./page_records.ts";
import type { PageWriter } from "./page_writer.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";
import type { PushFront } from "./push_batches.ts";

/**
 * Maximum number of requested pages read at once; each waiting CPU requests
 * one.
 */
const AT_ONCE = 64;
/**
 * Maximum bytes of large pages read at once, unless a single page is larger.
 */
const BYTES_AT_ONCE = 0x4000000;
/** Bytes of the largest page that is not large. */
const SMALL_PAGE_MAX = 0x10000;
/**
 * Maximum number of waiting requests; at the limit, no more requests are read.
 */
const WAITING_MAX = 1024;

/** The rest of a request: host pages of a RAMBlock. */
interface Demand {
  readonly block: PostcopyBlock;
  next: number;
  readonly end: number;
}

/**
 * Sends the pages that the destination waits for, before all others. A request
 * costs the same whatever its length, and large requests take turns with the
 * others.
 */
export class DemandQueue {
  /** Holds back background work while requests are waiting. */
  readonly gate: DemandGate = new DemandGate();
  readonly #writer: PageWriter;
  readonly #front: PushFront | undefined;
  readonly #waiting: Demand[] = [];
  readonly #spares = new Map<number, PageRecords[]>();
  #whenRoom: PromiseWithResolvers<void> | undefined;
  #active = 0;
  #largeBytes = 0;
  #ended = false;
  #closed = false;
  #failed = Promise.withResolvers<never>();

  /** `front`, if given, is moved to the pages that are sent. */
  constructor(writer: PageWriter, front?: PushFront) {
    this.#writer = writer;
    this.#front = front;
    this.#failed.promise.catch(() => {});
  }

  /** Rejects if a page cannot be sent; otherwise never settles. */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  /**
   * Ends the queue with the stream. Requests are still answered if requested
   * pages have a channel of their own, until the destination closes it.
   */
  end(options: { readonly hasOwnChannel: boolean }): void {
    this.#ended = true;
    if (!options.hasOwnChannel) this.#close();
  }

  /**
   * Sends host pages as soon as possible, except those already sent. Resolves
   * when there is room for another request.
   */
  async add(block: PostcopyBlock, { first, end }: PageRun): Promise<void> {
    if (this.#closed) return;
    this.#waiting.push({ block, next: first, end });
    this.#start();
    if (this.#waiting.length < WAITING_MAX) return;
    this.#whenRoom ??= Promise.withResolvers();
    await this.#whenRoom.promise;
  }

  /** Starts sending as many pages as the limits allow. */
  #start(): void {
    while (this.#active < AT_ONCE) {
      const index = this.#waiting.findIndex(({ block }) => this.#fits(block));
      if (index < 0) break;
      const [demand] = this.#waiting.splice(index, 1);
      const { block, end } = demand;
      const hostPage = block.nextFree(demand.next, end);
      if (hostPage === end) continue;
      demand.next = hostPage + 1;
      if (demand.next < end) this.#waiting.push(demand);
      block.take(hostPage);
      this.#front?.demanded(block, hostPage);
      this.#active++;
      const largeBytes = isLarge(block) ? block.hostPageSize : 0;
      this.#largeBytes += largeBytes;
      this.gate.demand(this.#send(block, hostPage)).then(() => {
        this.#active--;
        this.#largeBytes -= largeBytes;
        this.#start();
      }, (error) => {
        // After the end a write fails once the destination has disconnected.
        const isOver = this.#ended && !(error instanceof IntegrityError);
        if (isOver) this.#close();
        else this.#failed.reject(error);
      });
    }
    if (this.#waiting.length >= WAITING_MAX) return;
    this.#whenRoom?.resolve();
    this.#whenRoom = undefined;
  }

  /** Whether another page of this block fits within the limits. */
  #fits(block: PostcopyBlock): boolean {
    return !isLarge(block) || this.#largeBytes === 0 ||
      this.#largeBytes + block.hostPageSize <= BYTES_AT_ONCE;
  }

  #close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#whenRoom?.resolve();
  }

  async #send(block: PostcopyBlock, hostPage: number): Promise<void> {
    const pages = block.pagesOf(hostPage);
    const pageCount = pages.end - pages.first;
    const spares = this.#spares.get(pageCount) ?? [];
    this.#spares.set(pageCount, spares);
    const { pageSize } = block.block;
    const records = spares.pop() ?? new PageRecords(pageCount, pageSize);
    await this.#writer.sendDemanded(block, pages, records);
    spares.push(records);
  }
}

function isLarge({ hostPageSize }: PostcopyBlock): boolean {
  return hostPageSize > SMALL_PAGE_MAX;
}
