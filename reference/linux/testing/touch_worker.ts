/**
 * A thread that reads memory at an address.
 *
 * @module
 */

import { threadPort } from "../../threads/mod.ts";
import { linux } from "../../system/mod.ts";

/** The pages to read, in this order. */
export interface TouchTask {
  readonly address: number;
  readonly pageSize: number;
  readonly pages: readonly number[];
}

const port = threadPort<TouchTask, readonly number[]>();

port.onmessage = ({ data: { address, pageSize, pages } }) => {
  port.postMessage(pages.map((page) => {
    const bytes = linux().bytesAt(address + page * pageSize, pageSize);
    return bytes.every((byte) => byte === bytes[0]) ? bytes[0] : -1;
  }));
};
