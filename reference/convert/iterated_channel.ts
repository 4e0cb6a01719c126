import type { ByteChannel } from "../sockets/mod.ts";

/** Bytes that come in pieces, as a channel with nobody at the other end. */
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
      // A piece that is being unpacked is of no use to anybody.
      Promise.resolve(iterator.return?.()).catch(() => {});
    },
  };
}
