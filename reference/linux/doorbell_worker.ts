/**
 * The thread of a doorbell: polls descriptors and reports when one is ready.
 *
 * @module
 */

import type { DoorbellTask } from "./doorbell.ts";
import { POLLFD } from "./linux_structs.ts";
import { linux } from "./system_calls.ts";

/** The global scope of a worker. */
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
