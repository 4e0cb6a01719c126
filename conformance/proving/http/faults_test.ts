import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ByteSource,
  cachedSource,
  type ReadOptions,
  SourceError,
} from "../../../mod.ts";
import { randomNumbers } from "../faults/random_numbers.ts";

const FAULTS = 10_000;
const LENGTH = 0x200000;

/**
 * A source that delays, fails and leaves partial data, and counts open reads.
 */
class FaultySource implements ByteSource {
  readonly name = "faulty";
  readonly byteLength = LENGTH;
  open = 0;
  faults = 0;
  readonly #bytes: Uint8Array;
  readonly #random: (below: number) => number;

  constructor(bytes: Uint8Array, random: (below: number) => number) {
    this.#bytes = bytes;
    this.#random = random;
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    options: ReadOptions = {},
  ): Promise<void> {
    this.open++;
    try {
      const fault = this.#random(4);
      if (fault === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      options.signal?.throwIfAborted();
      if (fault === 1 || fault === 2) {
        this.faults++;
        // Bytes that came before a connection broke must never be returned.
        if (fault === 2) target.fill(0xee, 0, this.#random(target.length));
        throw new SourceError(this.name, "Cannot read: connection dropped");
      }
      target.set(this.#bytes.subarray(offset, offset + target.length));
    } finally {
      this.open--;
    }
  }
}

test(
  "cachedSource() returns no wrong byte and leaves no request open after 10,000 faults",
  {
    timeout: 300_000,
  },
  async () => {
    const random = randomNumbers(7);
    const bytes = Uint8Array.from({ length: LENGTH }, () => random(256));
    const inner = new FaultySource(bytes, random);
    const cached = cachedSource(inner, {
      blockSize: 0x1000,
      maxBytes: 0x20000,
      maxRequestBytes: 0x8000,
      maxReadAhead: 0x8000,
    });
    let good = 0;
    let failed = 0;
    let aborted = 0;
    async function readOnce(): Promise<void> {
      const length = 1 + random(random(8) === 0 ? 0x30000 : 0x3000);
      const offset = random(LENGTH - length);
      const target = new Uint8Array(length).fill(0x55);
      const controller = new AbortController();
      if (random(5) === 0) {
        setTimeout(() => controller.abort(new Error("gave up")), random(3));
      }
      try {
        await cached.readInto(target, offset, {
          signal: controller.signal,
          wantedUntil: offset + length + random(0x10000),
          background: random(10) === 0,
        });
        good++;
        const expected = bytes.subarray(offset, offset + length);
        assert(target.every((byte, index) => byte === expected[index]));
      } catch (error) {
        if (error instanceof SourceError) failed++;
        else if (error instanceof Error && error.message === "gave up") {
          aborted++;
        } else throw error;
      }
    }
    while (inner.faults < FAULTS) {
      await Promise.all(Array.from({ length: 16 }, readOnce));
    }
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(inner.open, 0);
    assert(
      good > 100 && failed > 100 && aborted > 100,
      `${good} ${failed} ${aborted}`,
    );
    // With a healthy source, everything can be read.
    const healthy = cachedSource({
      name: "healthy",
      byteLength: LENGTH,
      readInto: (target, offset) => {
        target.set(bytes.subarray(offset, offset + target.length));
        return Promise.resolve();
      },
    });
    const all = new Uint8Array(LENGTH);
    await healthy.readInto(all, 0);
    assert.deepEqual(all, bytes);
  },
);
