/**
 * A thread that answers each message with the same text, and fails at "fail".
 *
 * @module
 */

import { threadPort } from "../mod.ts";

const port = threadPort<string, string>();

port.onmessage = ({ data }) => {
  if (data === "fail") throw new Error("failed as told");
  port.postMessage(data);
};
