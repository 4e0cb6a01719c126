import { DemandGate } from "../sources/demand_gate.ts";
import { PageRecords } from "./page_records.ts";
import type { PageWriter } from "./page_writer.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/** Most requested pages that are read at once; there is one a waiting CPU. */
const AT_ONCE = 64;

interface Demand {
  readonly block: PostcopyBlock;
  readonly hostPage: number;
}

/** Sends the pages that the destination waits for, before all others. */
export class DemandQueue {
  /** Work in the background waits at it. */
  readonly gate: DemandGate = new DemandGate();
  readonly #writer: PageWriter;
  readonly #queue: Demand[] = [];
  readonly #spares = new Map<number, PageRecords[]>();
  #active = 0;
  #ended = false;
  #closed = false;
  #failed = Promise.withResolvers<never>();

  constructor(writer: PageWriter) {
    this.#writer = writer;
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
    this.#closed = !options.hasOwnChannel;
  }

  /** Sends a host page as soon as can be, unless that was done before. */
  add(block: PostcopyBlock, hostPage: number): void {
    if (this.#closed || !block.take(hostPage)) return;
    this.#queue.push({ block, hostPage });
    this.#next();
  }

  #next(): void {
    while (this.#active < AT_ONCE) {
      const demand = this.#queue.shift();
      if (demand === undefined) return;
      this.#active++;
      this.gate.demand(this.#send(demand)).then(() => {
        this.#active--;
        this.#next();
      }, (error) => {
        if (this.#ended) this.#closed = true;
        else this.#failed.reject(error);
      });
    }
  }

  async #send({ block, hostPage }: Demand): Promise<void> {
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
