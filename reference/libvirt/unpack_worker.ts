/**
 * A Deno thread that unpacks zstd: damaged bytes may end it, and nothing else.
 *
 * @module
 */

import { nodeZstdUnpacker } from "./node_unpacker.ts";
import type { FromUnpacker, ToUnpacker } from "./unpack_message.ts";

const port = globalThis as unknown as {
  onmessage: ((event: { readonly data: ToUnpacker }) => void) | null;
  postMessage(message: FromUnpacker): void;
};

let onPacked: (bytes: Uint8Array | undefined) => void = () => {};
let onTaken: () => void = () => {};

port.onmessage = ({ data }) => {
  if (data.kind === "taken") onTaken();
  else onPacked(data.bytes);
};

// If it is not caught here, Deno prints it.
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  fail((event as ErrorEvent).message);
});

function fail(message: string): void {
  port.postMessage({ kind: "failed", message });
}

async function* packed(): AsyncGenerator<Uint8Array> {
  for (;;) {
    const piece = new Promise<Uint8Array | undefined>((resolve) => {
      onPacked = resolve;
    });
    port.postMessage({ kind: "wants" });
    const bytes = await piece;
    if (bytes === undefined) return;
    yield bytes;
  }
}

try {
  const unpack = nodeZstdUnpacker();
  if (unpack === undefined) throw new Error("There is no zstd in node:zlib");
  for await (const bytes of unpack(packed())) {
    const taken = new Promise<void>((resolve) => void (onTaken = resolve));
    port.postMessage({ kind: "unpacked", bytes });
    await taken;
  }
  port.postMessage({ kind: "done" });
} catch (error) {
  fail(String(error));
}
