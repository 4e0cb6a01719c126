import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A folder for large files that is removed at the end, also after Ctrl-C. */
export class BenchFolder implements Disposable {
  /** Its path. */
  readonly path: string;
  readonly #stop = () => {
    this.#remove();
    process.exit(1);
  };

  /** Creates the folder in `parent`. */
  constructor(parent: string) {
    this.path = mkdtempSync(join(parent, "mapped-ram-bench-"));
    for (const signal of SIGNALS) process.on(signal, this.#stop);
  }

  /** Returns the path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  #remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#stop);
    this.#remove();
  }
}
