import type { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import type { QmpEvent } from "./qmp_message.ts";

interface Waiter {
  readonly predicate: (event: QmpEvent) => boolean;
  resolve(event: QmpEvent): void;
  reject(error: unknown): void;
}

/** The pending waits for events. An event that nothing waits for is dropped. */
export class QmpEvents {
  readonly #waiters = new Set<Waiter>();

  /** Waits for the next event accepted by the predicate. */
  async wait(
    predicate: (event: QmpEvent) => boolean,
    options: WaitOptions & {
      readonly timeoutError: (timeout: number) => SourceError;
    },
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

  /** Passes an event to every wait that accepts it. */
  emit(event: QmpEvent): void {
    for (const { predicate, resolve, reject } of [...this.#waiters]) {
      try {
        if (predicate(event)) resolve(event);
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Rejects every wait: no more events arrive. */
  end(error: SourceError): void {
    for (const { reject } of [...this.#waiters]) reject(error);
  }
}
