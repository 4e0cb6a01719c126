/**
 * A thread that writes its share of the pages of a block several times.
 *
 * @module
 */

import { threadPort } from "../../threads/mod.ts";
import { type BlockShare, SharedBlockWriter } from "../block_share.ts";

/** The task of the thread: to write the pages `rest`, `rest + every`, … */
export interface SharedWriterWork {
  readonly share: BlockShare;
  readonly rest: number;
  readonly every: number;
}

const ROUNDS = 3;

const port = threadPort<SharedWriterWork, string>();

port.onmessage = ({ data: { share, rest, every } }) => {
  try {
    using block = new SharedBlockWriter(share);
    const bytes = new Uint8Array(share.pageSize);
    for (let round = 1; round <= ROUNDS; round++) {
      for (let page = rest; page < share.pageCount; page += every) {
        // In the last round, one page in five becomes zero.
        const isZero = round === ROUNDS && page % 5 === 0;
        bytes.fill(isZero ? 0 : 1 + page % 250);
        block.writePageSync(page, bytes);
      }
    }
    port.postMessage("done");
  } catch (error) {
    port.postMessage(String(error));
  }
};
