import type { ByteChannel } from "../sockets/mod.ts";

/** Wraps an iterable of byte pieces as a read-only channel. */
export function iteratedChannel(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
): ByteChannel {
  const iterator = pieces[Symbol.asyncIterator]();
  let closed = false;
  return {
    name,
    async read(): Promise<Uint8Array | undefined> {
      while (!closed) {
        const { value, done } = await iterator.next();
        if (done) return undefined;
        if (value.length > 0) return value;
      }
      return undefined;
    },
    write: () => Promise.resolve(),
    close(): void {
      if (closed) return;
      closed = true;
      // A piece still being unpacked is dropped.
      Promise.resolve(iterator.return?.()).catch(() => {});
    },
  };
}
