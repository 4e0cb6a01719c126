import type { ByteChannel } from "../../sockets/mod.ts";

/**
 * Returns a channel that reads in small pieces into one buffer: each read
 * overwrites the bytes of the previous one.
 */
export function reusedBuffer(channel: ByteChannel): ByteChannel {
  const buffer = new Uint8Array(1021);
  let rest = new Uint8Array(0);
  return {
    name: channel.name,
    async read(): Promise<Uint8Array | undefined> {
      buffer.fill(0xa5);
      if (rest.length === 0) {
        const bytes = await channel.read();
        if (bytes === undefined) return undefined;
        rest = bytes.slice();
      }
      const length = Math.min(rest.length, buffer.length);
      buffer.set(rest.subarray(0, length));
      rest = rest.subarray(length);
      return buffer.subarray(0, length);
    },
    write: (bytes) => channel.write(bytes),
    close: () => channel.close(),
  };
}
