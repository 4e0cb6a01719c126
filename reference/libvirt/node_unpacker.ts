import type { Duplex } from "node:stream";
import type * as Zlib from "node:zlib";
import type { Unpacker } from "./unpacker.ts";

/** Bytes per piece; the next one is not produced until this one is consumed. */
const PIECE = 0x10000;

/**
 * Unpacks with a Node stream; undefined if the runtime's does not support zstd.
 */
export function nodeZstdUnpacker(): Unpacker | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => unknown };
  };
  const zlib = process?.getBuiltinModule?.("node:zlib") as
    | Partial<typeof Zlib>
    | undefined;
  const create = zlib?.createZstdDecompress;
  return create && throughStream(() => create({ chunkSize: PIECE }));
}

function throughStream(make: () => Duplex): Unpacker {
  return async function* (packed) {
    const stream = make();
    async function feed(): Promise<void> {
      for await (const piece of packed) {
        if (stream.destroyed) return;
        if (stream.write(piece)) continue;
        await drained(stream);
      }
      stream.end();
    }
    const fed = feed().catch((error) => void stream.destroy(error));
    try {
      for await (const bytes of stream) yield bytes;
    } finally {
      stream.destroy();
      await fed;
    }
  };
}

/** Resolves when there is room in a stream, or it has been destroyed. */
function drained(stream: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (stream.destroyed) resolve();
  stream.once("drain", resolve).once("close", resolve);
  return promise.finally(() => {
    stream.off("drain", resolve).off("close", resolve);
  });
}
