import { rmSync } from "node:fs";
import { LineServer, type LineSocket } from "./line_socket.ts";
import { LINES } from "./linux_init.ts";

/** Options for waiting for the guest. */
export interface WaitOptions {
  readonly timeoutMs?: number;
}

interface Waiter {
  onLine(line: string): void;
  fail(reason: string): void;
}

const TIMEOUT_MS = 300_000;
const LINES_KEPT = 5;

/**
 * The far end of the guest's serial line.
 *
 * It listens on a Unix socket to which QEMU connects, regardless of who starts
 * QEMU and whether its guest boots or is resumed. One console serves one QEMU.
 */
export class SerialConsole implements Disposable {
  readonly #server: LineServer;
  readonly #path: string;
  readonly #waiters = new Set<Waiter>();
  readonly #lastLines: string[] = [];
  readonly #unsent: string[] = [];
  #socket: LineSocket | undefined;
  #ended = false;
  #ticks = 0;

  private constructor(server: LineServer, path: string) {
    this.#server = server;
    this.#path = path;
    server.accept().then((socket) => this.#connect(socket));
  }

  /** Listens at `path`, an absolute path; start QEMU after that. */
  static async listen(path: string): Promise<SerialConsole> {
    return new SerialConsole(await LineServer.listen(path), path);
  }

  /** The arguments that make QEMU connect its first serial port. */
  get args(): readonly string[] {
    const path = this.#path.replaceAll(",", ",,");
    return [
      ...["-chardev", `socket,id=console,path=${path}`],
      ...["-serial", "chardev:console"],
    ];
  }

  /** The number of the guest's ticks since QEMU connected. */
  get ticks(): number {
    return this.#ticks;
  }

  /**
   * Sends a line, or keeps it until QEMU connects.
   *
   * A line to a guest whose state is not loaded yet is lost.
   */
  send(line: string): void {
    if (this.#socket === undefined) this.#unsent.push(line);
    else this.#socket.send(line);
  }

  /** The next line that starts with `start`; earlier lines do not count. */
  waitForLine(start: string, options: WaitOptions = {}): Promise<string> {
    return this.collect(
      `see a line ${JSON.stringify(start)} of the guest`,
      (line) => line.startsWith(start) ? line : undefined,
      options,
    );
  }

  /**
   * Passes each line to `onLine` until that returns a value or throws.
   *
   * It rejects if QEMU disconnects or the time is up: "Cannot ${what}: ...".
   */
  collect<T>(
    what: string,
    onLine: (line: string) => T | undefined,
    options: WaitOptions = {},
  ): Promise<T> {
    const { timeoutMs = TIMEOUT_MS } = options;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
      action();
    };
    const waiter: Waiter = {
      onLine: (line) => {
        try {
          const value = onLine(line);
          if (value !== undefined) settle(() => resolve(value));
        } catch (error) {
          settle(() => reject(error));
        }
      },
      fail: (reason) => {
        const last = JSON.stringify(this.#lastLines);
        const text = `Cannot ${what}: ${reason}; its last lines are ${last}`;
        settle(() => reject(new Error(text)));
      },
    };
    const timer = setTimeout(
      () => waiter.fail(`nothing after ${timeoutMs} ms`),
      timeoutMs,
    );
    this.#waiters.add(waiter);
    if (this.#ended) waiter.fail("QEMU is gone");
    return promise;
  }

  /** Stops listening and closes the connection. */
  [Symbol.dispose](): void {
    this.#server.close();
    rmSync(this.#path, { force: true });
    this.#socket?.close();
    this.#end();
  }

  #connect(socket: LineSocket): void {
    this.#socket = socket;
    socket.listen((line) => this.#receive(line), () => this.#end());
    for (const line of this.#unsent.splice(0)) socket.send(line);
    if (this.#ended) socket.close();
  }

  #receive(text: string): void {
    const line = text.replace(/\r$/, "");
    this.#lastLines.push(line);
    if (this.#lastLines.length > LINES_KEPT) this.#lastLines.shift();
    if (line.startsWith(LINES.tick)) this.#ticks++;
    for (const waiter of [...this.#waiters]) waiter.onLine(line);
  }

  #end(): void {
    this.#ended = true;
    for (const waiter of [...this.#waiters]) waiter.fail("QEMU is gone");
  }
}
