import type { PageRun } from "../../format/mod.ts";
import { DemandGate } from "../sources/mod.ts";
import { PageRecords } from "./page_records.ts";
import type { PageWriter } from "./page_writer.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";
import type { PushFront } from "./push_batches.ts";

/** Most requested pages that are read at once; there is one a waiting CPU. */
const AT_ONCE = 64;
/** Most bytes of those that are large, unless a single page has more. */
const BYTES_AT_ONCE = 0x4000000;
/** Bytes of a page that is not large. */
const SMALL = 0x10000;
/** Requests that wait their turn; with more the destination is not listened to. */
const WAITING_MAX = 1024;

/** What is left of a request: host pages of a RAMBlock. */
interface Demand {
  readonly block: PostcopyBlock;
  next: number;
  readonly end: number;
}

/**
 * Sends the pages that the destination waits for, before all others. A request
 * costs the same here whatever its length, and large ones take turns with the
 * others.
 */
export class DemandQueue {
  /** Work in the background waits at it. */
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

  /** `front`, where there is one, is moved to the pages that are sent. */
  constructor(writer: PageWriter, front?: PushFront) {
    this.#writer = writer;
    this.#front = front;
    this.#failed.promise.catch(() => {});
  }

  /** Rejects when a page cannot be sent; else it never settles. */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  /**
   * The stream has ended. Only where requested pages have a channel of their own
   * are there still answers, until the destination closes that too.
   */
  end(options: { readonly hasOwnChannel: boolean }): void {
    this.#ended = true;
    if (!options.hasOwnChannel) this.#close();
  }

  /**
   * Sends host pages as soon as can be, but for those that were sent before.
   * Resolves when there is room for another request.
   */
  async add(block: PostcopyBlock, { first, end }: PageRun): Promise<void> {
    if (this.#closed) return;
    this.#waiting.push({ block, next: first, end });
    this.#start();
    if (this.#waiting.length < WAITING_MAX) return;
    this.#whenRoom ??= Promise.withResolvers();
    await this.#whenRoom.promise;
  }

  /** Starts to send what may be under way at once. */
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
        if (this.#ended) this.#close();
        else this.#failed.reject(error);
      });
    }
    if (this.#waiting.length >= WAITING_MAX) return;
    this.#whenRoom?.resolve();
    this.#whenRoom = undefined;
  }

  /** Whether one more page of it may be under way. */
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
  return hostPageSize > SMALL;
}
