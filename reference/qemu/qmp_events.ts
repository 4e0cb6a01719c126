import type { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import type { QmpEvent } from "./qmp_message.ts";

interface Waiter {
  readonly predicate: (event: QmpEvent) => boolean;
  resolve(event: QmpEvent): void;
  reject(error: unknown): void;
}

/** Those who wait for events. An event that nobody waits for is forgotten. */
export class QmpEvents {
  readonly #waiters = new Set<Waiter>();

  /** Waits for the next event that the predicate takes. */
  async wait(
    predicate: (event: QmpEvent) => boolean,
    options: WaitOptions & { readonly late: (timeout: number) => SourceError },
  ): Promise<QmpEvent> {
    const { promise, resolve, reject } = Promise.withResolvers<QmpEvent>();
    const waiter = { predicate, resolve, reject };
    this.#waiters.add(waiter);
    try {
      return await waitFor(promise, options);
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Tells all who wait for it. */
  emit(event: QmpEvent): void {
    for (const { predicate, resolve, reject } of [...this.#waiters]) {
      try {
        if (predicate(event)) resolve(event);
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Tells all that nothing comes any more. */
  end(error: SourceError): void {
    for (const { reject } of [...this.#waiters]) reject(error);
  }
}
