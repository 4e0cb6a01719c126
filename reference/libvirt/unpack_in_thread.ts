import { Thread } from "../threads/mod.ts";
import { entryUrl } from "../work/mod.ts";
import type { FromUnpacker, ToUnpacker } from "./unpack_message.ts";

/**
 * Unpacks zstd in a thread. On damaged bytes, Deno's Node streams throw an error
 * that no code can catch; in a thread it ends only the thread.
 */
export async function* unpackInThread(
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const pieces = packed[Symbol.asyncIterator]();
  const url = entryUrl("./unpack_worker.ts", import.meta.url);
  const worker = new Thread<FromUnpacker>(url);
  const tell = (message: ToUnpacker) => worker.postMessage(message);
  const messages: FromUnpacker[] = [];
  let wake = () => {};
  const add = (message: FromUnpacker) => {
    messages.push(message);
    wake();
  };
  worker.onmessage = ({ data }) => add(data);
  worker.onerror = ({ message }) => add({ kind: "failed", message });
  try {
    for (;;) {
      const message = messages.shift();
      switch (message?.kind) {
        case undefined:
          await new Promise<void>((resolve) => void (wake = resolve));
          break;
        case "wants": {
          const { value, done } = await pieces.next();
          tell({ kind: "packed", bytes: done ? undefined : value });
          break;
        }
        case "unpacked":
          yield message.bytes;
          tell({ kind: "taken" });
          break;
        case "done":
          return;
        case "failed":
          throw new Error(message.message);
      }
    }
  } finally {
    worker.terminate();
    await pieces.return?.();
  }
}
