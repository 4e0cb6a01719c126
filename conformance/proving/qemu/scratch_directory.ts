import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty directory that disposal removes with its contents. */
export class ScratchDirectory {
  readonly path: string = mkdtempSync(join(tmpdir(), "mapped-ram-qemu-"));

  /** The path of a file in the directory. */
  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
