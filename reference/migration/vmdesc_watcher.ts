import { rangeEnd } from "../../format/bytes/mod.ts";
import { findLastVmdesc } from "../../format/vmdesc/mod.ts";
import { driveSync, memorySource } from "../sources/mod.ts";

/** Maximum bytes of device state that are examined. */
const WATCHED_MAX = 0x4000000;
const CLOSING_BRACE = 0x7d;

/**
 * Detects whether a vmdesc ends where the stream is now: in a stream that
 * cannot be read again, the only sign that it is complete.
 */
export class VmdescWatcher {
  #bytes = new Uint8Array(0x10000);
  #length = 0;
  #looked = -1;
  #isWhole = false;

  /** Adds received bytes. */
  add(bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    if (end > WATCHED_MAX) {
      // The vmdesc is at the end; the first bytes are not needed.
      const kept = this.#bytes.slice(WATCHED_MAX / 2, this.#length);
      this.#bytes.set(kept);
      this.#length = kept.length;
      return this.add(bytes);
    }
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
  }

  /** Whether the bytes so far end with a vmdesc. */
  get isWhole(): boolean {
    // Checked once per addition; a brace is rare.
    if (this.#looked === this.#length) return this.#isWhole;
    this.#looked = this.#length;
    this.#isWhole = this.#bytes[this.#length - 1] === CLOSING_BRACE &&
      this.#endsWithVmdesc();
    return this.#isWhole;
  }

  #endsWithVmdesc(): boolean {
    const source = memorySource(this.#bytes.subarray(0, this.#length));
    const vmdesc = driveSync(findLastVmdesc(source, 0), source);
    return vmdesc !== undefined && rangeEnd(vmdesc.range) === this.#length;
  }
}
