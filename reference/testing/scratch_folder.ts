import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder that `using` removes with its contents. */
export class ScratchFolder implements Disposable {
  /** Path of the folder. */
  readonly path: string = mkdtempSync(join(tmpdir(), "mapped-ram-"));

  /** Returns the path of a file in the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Returns the names of the entries, sorted. */
  names(): string[] {
    return readdirSync(this.path).toSorted();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
