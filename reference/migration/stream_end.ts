import {
  QEMU_VM_EOF,
  QEMU_VM_SECTION_FOOTER,
} from "../../format/stream/mod.ts";
import { VmdescWatcher } from "./vmdesc_watcher.ts";

/** Bytes of a footer and of the EOF item after it. */
const END_LENGTH = 6;

/** Detects whether a stream ends like a complete migration. */
export class StreamEnd {
  readonly #watcher = new VmdescWatcher();
  #last: readonly number[] = [];

  /** Adds received bytes. */
  add(bytes: Uint8Array): void {
    this.#watcher.add(bytes);
    const last = [...this.#last, ...bytes.subarray(-END_LENGTH)];
    this.#last = last.slice(-END_LENGTH);
  }

  /** Whether the stream ends with a vmdesc. */
  get hasVmdesc(): boolean {
    return this.#watcher.isWhole;
  }

  /**
   * Whether it does, or ends as the stream of a machine that writes no vmdesc.
   */
  get isWhole(): boolean {
    return this.hasVmdesc || this.#last.length === END_LENGTH &&
        this.#last[0] === QEMU_VM_SECTION_FOOTER &&
        this.#last[5] === QEMU_VM_EOF;
  }
}
