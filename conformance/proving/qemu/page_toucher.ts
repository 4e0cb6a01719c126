import { connectSocket, QmpClient } from "../../../reference/doors/qemu.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const PAGE_SIZE = 4096;
/** A byte of the monitor's output. */
const BYTE = /0x([0-9a-f]{2})\b/g;

/** A monitor client that makes QEMU read a missing page. */
export class PageToucher implements AsyncDisposable {
  /** The bytes that QEMU has read. */
  bytes: Uint8Array = new Uint8Array();
  readonly #qmp: QmpClient;
  #touched: Promise<void> = Promise.resolve();

  private constructor(qmp: QmpClient) {
    this.#qmp = qmp;
  }

  /** Connects to the QEMU whose monitor is at "monitor". */
  static async open(scratch: ScratchDirectory): Promise<PageToucher> {
    const channel = await connectSocket(`unix:${scratch.file("monitor")}`);
    return new PageToucher(await QmpClient.open(channel));
  }

  /** Makes QEMU read a page, for which it may have to wait. */
  touch(address: number): void {
    this.#touched = this.#read(address).catch(() => {});
  }

  async #read(address: number): Promise<void> {
    // From QEMU 11 on, pmemsave is refused during a migration.
    const line = `xp /${PAGE_SIZE}xb ${address}`;
    const text = await this.#qmp.execute("human-monitor-command", {
      "command-line": line,
    });
    this.bytes = Uint8Array.from(
      String(text).matchAll(BYTE),
      ([, digits]) => Number.parseInt(digits, 16),
    );
  }

  /** Waits until QEMU has read the page or has exited. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#touched;
    this.#qmp.close();
  }
}
