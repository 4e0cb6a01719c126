import type { PageRun } from "../../format/mod.ts";
import { CHUNK } from "../chunk.ts";
import { DemandFront } from "../sources/demand_front.ts";
import { sleep } from "./persistent_read.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/** Bytes of a piece near a page that somebody waits for. */
const PIECE = 0x20000;
/** Bytes to each side of it that are pushed at once. */
const NEAR = 0x60000;
/** Bytes to each side that are pushed before all others. */
const REACH = 0x1000000;
/** Milliseconds after which nobody seems to wait any more. */
const CALM = 250;
/** Milliseconds between two pieces that are not near, as long as somebody does. */
const INTERVAL = 40;

/** Host pages of a RAMBlock. */
export interface FrontPiece {
  readonly block: PostcopyBlock;
  readonly hostPages: PageRun;
}

/**
 * Where pushing goes on: around the page that was asked for last. As long as
 * pages are asked for, what is not near to them goes slowly: it is in the way.
 */
export class PushFront {
  readonly #fronts = new Map<PostcopyBlock, DemandFront>();
  #last: PostcopyBlock | undefined;
  #calmAt = -Infinity;
  #moved = Promise.withResolvers<void>();

  /** The destination waits for a host page. */
  demanded(block: PostcopyBlock, hostPage: number): void {
    this.#last = block;
    let front = this.#fronts.get(block);
    if (front === undefined) {
      const pages = (bytes: number) =>
        Math.max(1, Math.floor(bytes / block.hostPageSize));
      front = new DemandFront(block.hostPageCount, {
        piece: pages(PIECE),
        near: pages(NEAR),
        largest: pages(CHUNK),
        reach: pages(REACH),
      });
      this.#fronts.set(block, front);
    }
    front.demanded(hostPage);
    this.#calmAt = performance.now() + CALM;
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  /** What comes next; undefined if it is the turn of the rest. */
  async next(signal: AbortSignal): Promise<FrontPiece | undefined> {
    for (;;) {
      const block = this.#last;
      if (block === undefined) return undefined;
      const front = this.#fronts.get(block);
      const near = front?.nextNear();
      if (near !== undefined) return { block, hostPages: near };
      const { promise: moved } = this.#moved;
      const wait = Math.min(INTERVAL, this.#calmAt - performance.now());
      if (wait > 0) {
        const hasMoved = await Promise.race([
          moved.then(() => true),
          sleep(wait, signal).then(() => false),
        ]);
        if (hasMoved) continue;
      }
      const far = front?.nextFar();
      return far && { block, hostPages: far };
    }
  }
}
