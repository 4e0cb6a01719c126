import { Buffer } from "node:buffer";
import type { LineSocket } from "./line_socket.ts";

/**
 * A client of QEMU's qtest protocol: accesses guest memory as the first CPU
 * sees it.
 *
 * A migration treats its writes as dirty, unlike a write to the file that backs
 * the memory. A machine without a CPU crashes.
 */
export class QtestClient {
  readonly #socket: LineSocket;
  readonly #record: (line: string) => void;
  readonly #pending: PromiseWithResolvers<string>[] = [];
  #closed = false;

  constructor(socket: LineSocket, record: (line: string) => void) {
    this.#socket = socket;
    this.#record = record;
    socket.listen(
      (line) => this.#pending.shift()?.resolve(line),
      () => {
        this.#closed = true;
        for (const { reject } of this.#pending.splice(0)) {
          reject(new Error("Cannot run a qtest command: QEMU is gone"));
        }
      },
    );
  }

  /** Writes `bytes` to guest memory. */
  async write(address: number, bytes: Uint8Array): Promise<void> {
    await this.#command(
      `write 0x${address.toString(16)} 0x${bytes.length.toString(16)} ` +
        `0x${Buffer.from(bytes).toString("hex")}`,
    );
  }

  /** Fills guest memory with one value. */
  async memset(address: number, length: number, value: number): Promise<void> {
    await this.#command(
      `memset 0x${address.toString(16)} 0x${length.toString(16)} ` +
        `0x${value.toString(16)}`,
    );
  }

  /** Writes a byte to an I/O port. */
  async outb(port: number, value: number): Promise<void> {
    await this.#command(`outb 0x${port.toString(16)} 0x${value.toString(16)}`);
  }

  /** Reads guest memory. */
  async read(address: number, length: number): Promise<Uint8Array> {
    const answer = await this.#command(
      `read 0x${address.toString(16)} 0x${length.toString(16)}`,
    );
    return Buffer.from(answer.slice(2), "hex");
  }

  /** Closes the connection. */
  close(): void {
    this.#socket.close();
  }

  async #command(line: string): Promise<string> {
    this.#record(line);
    if (this.#closed) {
      throw new Error("Cannot run a qtest command: QEMU is gone");
    }
    const answer = Promise.withResolvers<string>();
    this.#pending.push(answer);
    this.#socket.send(line);
    const text = (await answer.promise).trim();
    if (text === "OK") return "";
    if (text.startsWith("OK ")) return text.slice(3);
    throw new Error(`Cannot run qtest command ${line.slice(0, 60)}: ${text}`);
  }
}
