import { HASH_LENGTH, VERITY_BLOCK } from "../../format/verity/mod.ts";
import { isHash, syncHash } from "../hashing/mod.ts";
import { threadPort } from "../threads/mod.ts";
import type { CheckAnswer, CheckTask } from "./check_task.ts";

/** Makes this thread one that checks blocks. */
export function serveChecks(): void {
  const port = threadPort<CheckTask, CheckAnswer>();
  const answer = (task: CheckTask): void => {
    const { bytes } = task;
    port.postMessage({ bytes, isRight: areRight(task) }, [bytes.buffer]);
  };
  port.onmessage = ({ data }) => answer(data);
  // Says that the thread is ready.
  answer({ bytes: new Uint8Array(0), expected: new Uint8Array(0) });
}

function areRight({ bytes, expected }: CheckTask): boolean {
  const hash = syncHash();
  for (let slot = 0; slot < expected.length; slot += HASH_LENGTH) {
    const start = slot / HASH_LENGTH * VERITY_BLOCK;
    const found = hash(bytes.subarray(start, start + VERITY_BLOCK));
    if (!isHash(found, expected, slot)) return false;
  }
  return true;
}
