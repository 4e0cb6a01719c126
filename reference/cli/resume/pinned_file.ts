import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { isWebUrl } from "../../sources/mod.ts";
import type { ResumeArguments } from "./resume_arguments.ts";

/**
 * A file that stays open until QEMU has mapped it by its descriptor: another
 * file may take its name in the meantime.
 */
export class PinnedFile implements Disposable {
  readonly descriptor: number;

  private constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /**
   * Opens the file of a snapshot that is checked against a digest, if a QEMU
   * that is started here might map it.
   */
  static open(
    { place: { file, verity }, via, qemu }: ResumeArguments,
  ): PinnedFile | undefined {
    const isMapped = via !== "postcopy" && qemu !== undefined;
    if (verity === undefined || !isMapped || isWebUrl(file)) return undefined;
    if (process.platform !== "linux") return undefined;
    return new PinnedFile(openSync(file, "r"));
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }
}
