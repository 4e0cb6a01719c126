import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ByteRange,
  type ByteSource,
  cachedSource,
  memorySink,
  memorySource,
  openSnapshot,
  saveSnapshot,
  sealSource,
  verifiedSource,
} from "../../mod.ts";

/** A source as a caller may write it: a class whose methods use `this`. */
class OwnSource implements ByteSource {
  readonly name = "own";
  readonly byteLength: number;
  readonly calls: string[] = [];
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.byteLength = bytes.length;
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    target.set(this.#bytes.subarray(offset, offset + target.length));
    return Promise.resolve();
  }

  checkUnchanged(): void {
    this.calls.push(`unchanged: ${this.#bytes.length}`);
  }

  willNeed({ offset }: ByteRange): void {
    this.calls.push(`needed: ${offset}`);
  }
}

test("wrappers call the methods of a source as its own", async () => {
  const saved = memorySink();
  const ram = memorySource(new Uint8Array(0x4000).fill(7));
  await saveSnapshot(saved, [{ idstr: "ram", source: ram }]);
  const tree = memorySink();
  const { digest } = await sealSource(memorySource(saved.bytes()), tree);
  const own = new OwnSource(saved.bytes());
  const verified = await verifiedSource(own, {
    tree: memorySource(tree.bytes()),
    digest,
  });
  const { blocks: [block] } = await openSnapshot(verified);
  for (const it of [own, cachedSource(own), verified, block]) {
    own.calls.length = 0;
    it.checkUnchanged?.();
    assert.deepEqual(own.calls, [`unchanged: ${own.byteLength}`]);
  }
  own.calls.length = 0;
  block.willNeed?.({ offset: 0x1000, length: 1 });
  assert.deepEqual(own.calls, [`needed: ${block.pagesOffset + 0x1000}`]);
});
