import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty directory that is gone, with all in it, when it is disposed of. */
export class ScratchDirectory {
  readonly path: string = mkdtempSync(join(tmpdir(), "mapped-ram-qemu-"));

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
