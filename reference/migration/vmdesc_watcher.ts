import { GrowingBytes, rangeEnd } from "../../format/bytes/mod.ts";
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
  readonly #watched = new GrowingBytes(0x10000, WATCHED_MAX);
  #looked = -1;
  #isWhole = false;

  /** Adds received bytes. */
  add(bytes: Uint8Array): void {
    if (this.#watched.length + bytes.length > WATCHED_MAX) {
      // The vmdesc is at the end; the first bytes are not needed.
      this.#watched.dropFirst(WATCHED_MAX / 2);
    }
    this.#watched.append(bytes);
  }

  /** Whether the bytes so far end with a vmdesc. */
  get isWhole(): boolean {
    // Checked once per addition; a brace is rare.
    const { length, buffer } = this.#watched;
    if (this.#looked === length) return this.#isWhole;
    this.#looked = length;
    this.#isWhole = buffer[length - 1] === CLOSING_BRACE &&
      this.#endsWithVmdesc();
    return this.#isWhole;
  }

  #endsWithVmdesc(): boolean {
    const source = memorySource(this.#watched.bytes);
    const vmdesc = driveSync(findLastVmdesc(source, 0), source);
    return vmdesc !== undefined && rangeEnd(vmdesc.range) === source.byteLength;
  }
}
