import { existsSync, readFileSync } from "node:fs";
import { connectSocket, QmpClient } from "../../../reference/doors/qemu.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** A monitor client that makes QEMU read a missing page. */
export class PageToucher implements AsyncDisposable {
  readonly #qmp: QmpClient;
  readonly #filename: string;
  #touched: Promise<unknown> = Promise.resolve();

  private constructor(qmp: QmpClient, filename: string) {
    this.#qmp = qmp;
    this.#filename = filename;
  }

  /** Connects to the QEMU whose monitor is at "monitor". */
  static async open(scratch: ScratchDirectory): Promise<PageToucher> {
    const channel = await connectSocket(`unix:${scratch.file("monitor")}`);
    return new PageToucher(await QmpClient.open(channel), scratch.file("page"));
  }

  /** Makes QEMU read a page, for which it may have to wait. */
  touch(address: number): void {
    const filename = this.#filename;
    const args = { val: address, size: 4096, filename };
    this.#touched = this.#qmp.execute("pmemsave", args).catch(() => {});
  }

  /** The bytes that QEMU has read. */
  get bytes(): Uint8Array {
    const filename = this.#filename;
    return existsSync(filename) ? readFileSync(filename) : new Uint8Array();
  }

  /** Waits until QEMU has read the page or has exited. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#touched;
    this.#qmp.close();
  }
}
