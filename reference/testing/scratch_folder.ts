import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder that `using` removes with all that is in it. */
export class ScratchFolder implements Disposable {
  /** Its path. */
  readonly path: string = mkdtempSync(join(tmpdir(), "mapped-ram-"));

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Names of what is in it, sorted. */
  names(): string[] {
    return readdirSync(this.path).toSorted();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
