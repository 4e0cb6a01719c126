import type { ByteChannel } from "../sockets/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import { LineSplitter } from "./line_splitter.ts";
import { NoAnswerError } from "./qemu_errors.ts";
import { QmpCommands } from "./qmp_commands.ts";
import { QmpEvents } from "./qmp_events.ts";
import {
  type QmpEvent,
  type QmpMessage,
  type QmpObject,
  readQmpMessage,
  textOf,
} from "./qmp_message.ts";

/**
 * Maximum bytes of a line. QEMU's longest answers have a few hundred KiB;
 * parsed, a line takes many times its length.
 */
const LINE_MAX = 0x400000;
const TIMEOUT = 60_000;

/**
 * A client of the QEMU Machine Protocol (QMP), which controls a running QEMU.
 *
 * A `SourceError` is thrown if QEMU sends something other than QMP, disconnects,
 * or does not answer in time (`NoAnswerError`), and if it refuses a command,
 * with QEMU's message, and its answer as `cause`.
 *
 * @example
 * ```ts
 * import { connectSocket, QmpClient } from "../doors/qemu.ts";
 *
 * async function isRunning(address: string): Promise<unknown> {
 *   using qmp = await QmpClient.open(await connectSocket(address));
 *   return await qmp.execute("query-status");
 * }
 * ```
 */
export class QmpClient implements Disposable {
  /** Address of QEMU's monitor. */
  readonly name: string;
  readonly #channel: ByteChannel;
  readonly #commands: QmpCommands;
  readonly #events = new QmpEvents();
  readonly #greeting = Promise.withResolvers<string>();
  #error: SourceError | undefined;
  #version = "";

  private constructor(channel: ByteChannel) {
    this.#channel = channel;
    this.name = channel.name;
    this.#commands = new QmpCommands(this.name);
    this.#greeting.promise.catch(() => {});
    this.#receive();
  }

  /**
   * Opens a client on a channel to a QMP monitor; a failure closes the channel.
   * The timeout (default: 60 s) applies to the first answers.
   *
   * @throws {SourceError} if the other end does not speak QMP
   */
  static async open(
    channel: ByteChannel,
    options: WaitOptions = {},
  ): Promise<QmpClient> {
    const client = new QmpClient(channel);
    const { signal, timeout = TIMEOUT } = options;
    try {
      client.#version = await waitFor(client.#greeting.promise, {
        signal,
        timeout,
        timeoutError: (timeout) =>
          client.#timeoutError("talk to QEMU", timeout),
      });
      await client.execute("qmp_capabilities", {}, { signal, timeout });
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** QEMU's version, from its greeting: `10.0.2`. */
  get version(): string {
    return this.#version;
  }

  /** Whether the connection has ended, at either end: no call works any more. */
  get isClosed(): boolean {
    return this.#error !== undefined;
  }

  /**
   * Runs a command and returns its result. After the timeout (default: 60 s)
   * the command may still run.
   */
  async execute(
    command: string,
    args: QmpObject = {},
    options: WaitOptions = {},
  ): Promise<unknown> {
    const { signal, timeout = TIMEOUT } = options;
    signal?.throwIfAborted();
    if (this.#error !== undefined) throw this.#cannot(command, this.#error);
    const send = (id: number) => {
      const line = JSON.stringify({ execute: command, arguments: args, id });
      this.#channel.write(ENCODER.encode(`${line}\n`)).catch((error) => {
        this.#end(error);
      });
    };
    return await this.#commands.run(command, send, {
      signal,
      timeout,
      timeoutError: (timeout) =>
        this.#timeoutError(`execute ${command}`, timeout),
    });
  }

  /** Runs a command of the human monitor and returns its output. */
  async monitor(
    commandLine: string,
    options: WaitOptions = {},
  ): Promise<string> {
    const args = { "command-line": commandLine };
    return textOf(await this.execute("human-monitor-command", args, options));
  }

  /**
   * Waits for an event accepted by the predicate. Earlier events are not seen,
   * so call it before the command that causes the event. Rejects when QEMU
   * disconnects.
   */
  async waitForEvent(
    predicate: (event: QmpEvent) => boolean,
    options: WaitOptions = {},
  ): Promise<QmpEvent> {
    options.signal?.throwIfAborted();
    if (this.#error !== undefined) throw this.#cannot("", this.#error);
    return await this.#events.wait(predicate, {
      ...options,
      timeoutError: (timeout) => this.#timeoutError("see an event", timeout),
    });
  }

  /** Closes the channel: QEMU continues, pending calls reject. */
  close(): void {
    this.#end(new SourceError(this.name, `${this.name} was closed`));
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #receive(): Promise<void> {
    const lines = new LineSplitter(LINE_MAX);
    try {
      for (;;) {
        const bytes = await this.#channel.read();
        if (bytes === undefined) throw new Error("QEMU has closed it");
        for (const line of lines.push(bytes)) {
          // QEMU ends lines with CR LF; JSON.parse ignores the CR.
          const message = readQmpMessage(line);
          if (message === undefined) {
            const start = JSON.stringify(line.slice(0, 80));
            throw new Error(`expected QMP, found the line ${start}`);
          }
          this.#take(message);
        }
      }
    } catch (error) {
      this.#end(error);
    }
  }

  #take(message: QmpMessage): void {
    switch (message.kind) {
      case "greeting":
        this.#greeting.resolve(message.version);
        return;
      case "event":
        this.#events.emit(message);
        return;
      case "answer":
        this.#commands.settle(message);
    }
  }

  /** Fails everything from now on with this cause. */
  #end(cause: unknown): void {
    if (this.#error !== undefined) return;
    const reason = cause instanceof SourceError ? cause : new SourceError(
      this.name,
      `the connection to ${this.name} failed: ${
        cause instanceof Error ? cause.message : cause
      }`,
      { cause },
    );
    this.#error = reason;
    this.#channel.close();
    const gone = this.#cannot("", reason);
    this.#greeting.reject(gone);
    this.#events.end(gone);
    this.#commands.end((command) => this.#cannot(command, reason));
  }

  #cannot(command: string, cause: SourceError): SourceError {
    const what = command === "" ? "talk to QEMU" : `execute ${command}`;
    return new SourceError(
      this.name,
      `Cannot ${what}: ${cause.message}`,
      { cause },
    );
  }

  #timeoutError(what: string, timeout: number): NoAnswerError {
    return new NoAnswerError(
      this.name,
      `Cannot ${what}: no answer from ${this.name} in ${timeout} ms`,
    );
  }
}

const ENCODER = new TextEncoder();
