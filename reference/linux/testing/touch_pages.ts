import type { TouchTask } from "./touch_worker.ts";

/**
 * Reads pages in a thread of its own, which may wait; gives the byte that each
 * page is full of, or -1 for a page of several.
 */
export async function touchPages(task: TouchTask): Promise<readonly number[]> {
  const url = new URL("./touch_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<readonly number[]>) =>
        resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(task);
    });
  } finally {
    worker.terminate();
  }
}
