/**
 * The thread of a doorbell: polls descriptors and reports when one is ready.
 *
 * @module
 */

import { threadPort } from "../threads/mod.ts";
import type { DoorbellTask } from "./doorbell.ts";
import { POLLFD } from "./linux_structs.ts";
import { linux } from "../system/mod.ts";

const port = threadPort<DoorbellTask, number>();

port.onmessage = ({ data }) => {
  const { call, bytesAt } = linux();
  const descriptors = bytesAt(data.address, data.count * POLLFD.size);
  port.postMessage(call.poll(descriptors, data.count, -1));
};
