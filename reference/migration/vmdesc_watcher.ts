import { GrowingBytes, rangeEnd } from "../../format/bytes/mod.ts";
import { findLastVmdesc } from "../../format/vmdesc/mod.ts";
import { driveSync, memorySource } from "../sources/mod.ts";

/** Maximum bytes of device state that are examined. */
const WATCHED_MAX = 0x4000000;
/** Number of last bytes that are always examined. */
const WATCHED_MIN = WATCHED_MAX / 2;
const CLOSING_BRACE = 0x7d;

/**
 * Detects whether a vmdesc ends at the current end of the stream: in a stream
 * that cannot be read again, this is the only sign that it is complete.
 */
export class VmdescWatcher {
  readonly #watched = new GrowingBytes(0x10000, WATCHED_MAX);
  #isChecked = true;
  #isWhole = false;

  /** Adds received bytes. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += WATCHED_MIN) {
      const part = bytes.subarray(at, at + WATCHED_MIN);
      // The vmdesc is at the end; the first bytes are not needed.
      if (this.#watched.length + part.length > WATCHED_MAX) {
        this.#watched.dropFirst(WATCHED_MIN);
      }
      this.#watched.append(part);
    }
    this.#isChecked = false;
  }

  /** Whether the bytes so far end with a vmdesc. */
  get isWhole(): boolean {
    // Checked once per addition; a brace is rare.
    if (this.#isChecked) return this.#isWhole;
    this.#isChecked = true;
    const { length, buffer } = this.#watched;
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
