import { findLastVmdesc, rangeEnd } from "../../format/mod.ts";
import { driveSync, memorySource } from "../sources/mod.ts";

/** Most bytes of device state that are looked at. */
const WATCHED_MAX = 0x4000000;
const CLOSING_BRACE = 0x7d;

/**
 * Sees whether a vmdesc ends where the stream has come to: in a stream that only
 * comes forward, the one sign that it is whole.
 */
export class VmdescWatcher {
  #bytes = new Uint8Array(0x10000);
  #length = 0;
  #looked = -1;
  #isWhole = false;

  /** Adds what came. */
  add(bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    if (end > WATCHED_MAX) {
      // The vmdesc is at the end: what came first is not wanted for it.
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

  /** Whether what came so far ends with a vmdesc. */
  get isWhole(): boolean {
    // Looked at once for each time that something came; a brace is rare.
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
