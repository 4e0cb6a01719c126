import type { PagedProcess, PagerEvent } from "../paging/mod.ts";
import { REPORT_INTERVAL, RETRY_REPORT_INTERVAL } from "./connection_limits.ts";

/** Reports the state of a VM at limited intervals. */
export class GuestReport {
  /** The process of the VM, once it is served. */
  process: PagedProcess | undefined;
  readonly #vm: number;
  readonly #tell: (event: PagerEvent) => void;
  #nextAt = 0;
  #nextRetryAt = 0;

  /** Reports on VM number `vm`. */
  constructor(
    { vm, tell }: {
      readonly vm: number;
      readonly tell: (event: PagerEvent) => void;
    },
  ) {
    this.#vm = vm;
    this.#tell = tell;
  }

  /** Reports that all nonzero pages are in place. */
  loaded(): void {
    this.now();
    this.#tell({ kind: "loaded", vm: this.#vm });
  }

  /** Reports a failed read that will be retried. */
  retried(message: string): void {
    const now = performance.now();
    if (now < this.#nextRetryAt) return;
    this.#nextRetryAt = now + RETRY_REPORT_INTERVAL;
    this.#tell({ kind: "retry", vm: this.#vm, message });
  }

  /** Reports statistics unless it did so within `REPORT_INTERVAL`. */
  nowAndThen(): void {
    const now = performance.now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + REPORT_INTERVAL;
    this.now();
  }

  /** Reports statistics. */
  now(): void {
    if (this.process === undefined) return;
    const { statistics } = this.process;
    this.#tell({ kind: "statistics", vm: this.#vm, statistics });
  }
}
