import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty directory that is gone, with all in it, when it is disposed of. */
export class ScratchDirectory {
  /** Where it is. */
  readonly path: string = mkdtempSync(join(tmpdir(), "mapped-ram-cli-"));

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file; returns its path. */
  write(name: string, content: Uint8Array | string): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  /** The content of a file. */
  read(name: string): Uint8Array {
    return new Uint8Array(readFileSync(this.file(name)));
  }

  /** The names of all that is in it. */
  list(): string[] {
    return readdirSync(this.path).sort();
  }

  /** Removes it. */
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
