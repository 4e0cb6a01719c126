import type { PagedProcess } from "./paged_process.ts";
import type { ServedProcess } from "./served_process.ts";

/** The processes that a loop serves, in the order of their turns. */
export class ServedProcesses extends Set<ServedProcess> {
  #only: ServedProcess | undefined;
  #nextBackground = 0;

  /** The single process that is served, if there is just one. */
  get only(): ServedProcess | undefined {
    return this.#only;
  }

  override add(served: ServedProcess): this {
    super.add(served);
    this.#count();
    return this;
  }

  override delete(served: ServedProcess): boolean {
    const isDeleted = super.delete(served);
    this.#count();
    return isDeleted;
  }

  /** Returns the entry of a process, if it is served. */
  find(process: PagedProcess): ServedProcess | undefined {
    return [...this].find((it) => it.process === process);
  }

  /** Returns a process that wants a background step, each in turn. */
  nextForBackground(): ServedProcess | undefined {
    const wanting = [...this].filter((it) => it.process.wantsBackground);
    return wanting[this.#nextBackground++ % wanting.length];
  }

  /** Moves the first process, which may start reads first, to the end. */
  rotate(): void {
    const [first] = this;
    if (first === undefined || this.size === 1) return;
    super.delete(first);
    super.add(first);
  }

  #count(): void {
    const [first, ...others] = this;
    this.#only = others.length === 0 ? first : undefined;
  }
}
