/** Unpacks bytes that come one piece after the other. */
export type Unpacker = (
  packed: AsyncIterable<Uint8Array>,
) => AsyncIterable<Uint8Array>;

/** By what every runtime has. */
export function gzipUnpacker(): Unpacker {
  return throughWeb(() => new DecompressionStream("gzip"));
}

/** Most bytes of a stream that is unpacked at once: 1 GiB. */
const AT_ONCE_MAX = 0x40000000;

/** By the web's face where it knows zstd, else by Node's, if that does. */
export function zstdUnpacker(): Unpacker | undefined {
  const make = () => new DecompressionStream("zstd" as CompressionFormat);
  try {
    make();
    return throughWeb(make);
  } catch {
    // Not on the web yet.
  }
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => unknown };
  };
  const zlib = process?.getBuiltinModule?.("node:zlib") as
    | { readonly zstdDecompressSync?: UnpackAtOnce }
    | undefined;
  const unpack = zlib?.zstdDecompressSync;
  return unpack && atOnce(unpack);
}

type UnpackAtOnce = (
  packed: Uint8Array,
  options: { readonly maxOutputLength: number },
) => Uint8Array;

/** A stream is too long to be unpacked at once. */
export class TooLongAtOnce extends Error {}

/** All at once: Deno's streams of Node end the process when bytes are damaged. */
function atOnce(unpack: UnpackAtOnce): Unpacker {
  return async function* (packed) {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of packed) {
      length += piece.length;
      if (length > AT_ONCE_MAX) throw new TooLongAtOnce();
      pieces.push(piece);
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    try {
      yield unpack(bytes, { maxOutputLength: AT_ONCE_MAX });
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code === "ERR_BUFFER_TOO_LARGE") throw new TooLongAtOnce();
      throw error;
    }
  };
}

function throughWeb(make: () => DecompressionStream): Unpacker {
  return async function* (packed) {
    const pieces = packed[Symbol.asyncIterator]();
    const stream = new ReadableStream<BufferSource>({
      async pull(controller) {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
    });
    const reader = stream.pipeThrough(make()).getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  };
}
