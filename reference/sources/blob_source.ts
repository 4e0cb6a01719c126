import { waitFor } from "../work/mod.ts";
import type { ByteSource, ReadOptions } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { SourceError } from "./source_error.ts";

/**
 * Makes a source over a Blob: in a browser, a file that the user dropped or
 * chose. Loads only the ranges that are read.
 *
 * @example
 * ```ts
 * import { blobSource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const source = blobSource(new Blob(["QEVM"]));
 * const target = new Uint8Array(2);
 * await source.readInto(target, 2);
 * assert.equal(new TextDecoder().decode(target), "VM");
 * ```
 */
export function blobSource(
  blob: Blob,
  options: { readonly name?: string } = {},
): ByteSource {
  const named = blob as { readonly name?: unknown };
  const fileName = typeof named.name === "string" ? named.name : "blob";
  return new BlobSource(blob, options.name ?? fileName);
}

class BlobSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #blob: Blob;

  constructor(blob: Blob, name: string) {
    this.name = name;
    this.byteLength = blob.size;
    this.#blob = blob;
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    options: ReadOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    const range = { offset, length: target.length };
    let bytes: ArrayBuffer;
    try {
      // This cannot be aborted; bytes that arrive after an abort are dropped.
      const loading = this.#blob.slice(offset, offset + target.length)
        .arrayBuffer();
      bytes = await waitFor(loading, options);
    } catch (cause) {
      options.signal?.throwIfAborted();
      throw new SourceError(
        this.name,
        `Cannot read ${JSON.stringify(this.name)}: ${String(cause)}: if it ` +
          "is a file that has changed, choose it again",
        { cause, range },
      );
    }
    options.signal?.throwIfAborted();
    if (bytes.byteLength !== target.length) {
      throw new SourceError(
        this.name,
        `Cannot read ${JSON.stringify(this.name)}: the Blob gave ` +
          `${bytes.byteLength} bytes, expected ${target.length}`,
        { range },
      );
    }
    target.set(new Uint8Array(bytes));
  }
}
