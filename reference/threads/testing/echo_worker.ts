/**
 * A thread that answers each message with the same text, fails at "fail", and
 * ends without a word at "end".
 *
 * @module
 */

import process from "node:process";
import { threadPort } from "../mod.ts";

const port = threadPort<string, string>();

port.onmessage = ({ data }) => {
  if (data === "fail") throw new Error("failed as told");
  if (data === "end") process.exit();
  port.postMessage(data);
};
