/**
 * A thread that reads memory at an address.
 *
 * @module
 */

import { linux } from "../system_calls.ts";

/** The pages to read, in this order. */
export interface TouchTask {
  readonly address: number;
  readonly pageSize: number;
  readonly pages: readonly number[];
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<TouchTask>) => void) | null;
  postMessage(answer: readonly number[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: { address, pageSize, pages } }) => {
  scope.postMessage(pages.map((page) => {
    const bytes = linux().bytesAt(address + page * pageSize, pageSize);
    return bytes.every((byte) => byte === bytes[0]) ? bytes[0] : -1;
  }));
};
