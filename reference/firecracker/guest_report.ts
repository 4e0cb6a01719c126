import type { PagedProcess, PagerEvent } from "../paging/mod.ts";
import { REPORT_INTERVAL, RETRY_REPORT_INTERVAL } from "./connection_limits.ts";

/** Tells how far a VM is, and not too often. */
export class GuestReport {
  /** The VM, once it is served. */
  process: PagedProcess | undefined;
  readonly #vm: number;
  readonly #tell: (event: PagerEvent) => void;
  #nextAt = 0;
  #nextRetryAt = 0;

  /** Of the VM of that number. */
  constructor(
    { vm, tell }: {
      readonly vm: number;
      readonly tell: (event: PagerEvent) => void;
    },
  ) {
    this.#vm = vm;
    this.#tell = tell;
  }

  /** All that is not zero is in place. */
  loaded(): void {
    this.now();
    this.#tell({ kind: "loaded", vm: this.#vm });
  }

  /** A read failed, and is tried again. */
  retried(message: string): void {
    const now = performance.now();
    if (now < this.#nextRetryAt) return;
    this.#nextRetryAt = now + RETRY_REPORT_INTERVAL;
    this.#tell({ kind: "retry", vm: this.#vm, message });
  }

  /** Tells what was done so far, unless it did just before. */
  nowAndThen(): void {
    const now = performance.now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + REPORT_INTERVAL;
    this.now();
  }

  /** Tells what was done so far. */
  now(): void {
    if (this.process === undefined) return;
    const { statistics } = this.process;
    this.#tell({ kind: "statistics", vm: this.#vm, statistics });
  }
}
