/**
 * The thread of a doorbell: waits for descriptors, and says so.
 *
 * @module
 */

import type { DoorbellTask } from "./doorbell.ts";
import { POLLFD } from "./linux_structs.ts";
import { linux } from "./system_calls.ts";

/** What a worker has instead of a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<DoorbellTask>) => void) | null;
  postMessage(answer: number): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  const { call, bytesAt } = linux();
  const descriptors = bytesAt(data.address, data.count * POLLFD.size);
  scope.postMessage(call.poll(descriptors, data.count, -1));
};
