import { Thread } from "../../threads/mod.ts";
import type { TouchTask } from "./touch_worker.ts";

/**
 * Reads pages on a thread of its own, which may block. Resolves to the value of
 * all bytes of each page, or -1 for a page whose bytes differ.
 */
export async function touchPages(task: TouchTask): Promise<readonly number[]> {
  const worker = new Thread<readonly number[]>(
    new URL("./touch_worker.ts", import.meta.url),
  );
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        reject(new Error(event.message));
      };
      worker.postMessage(task);
    });
  } finally {
    worker.terminate();
  }
}
