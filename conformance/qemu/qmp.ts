import type { LineSocket } from "./line_socket.ts";

/** The arguments of a QMP command. */
export type QmpArguments = Readonly<Record<string, unknown>>;

/** What QEMU tells without being asked. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface PendingCommand {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A client of the QEMU Machine Protocol; QEMU answers in the order asked. */
export class QmpClient {
  readonly #socket: LineSocket;
  readonly #record: (line: string) => void;
  readonly #pending: PendingCommand[] = [];
  readonly #listeners = new Set<(event: QmpEvent | undefined) => void>();
  #closed = false;

  private constructor(socket: LineSocket, record: (line: string) => void) {
    this.#socket = socket;
    this.#record = record;
    socket.listen((line) => this.#receive(line), () => this.#end());
  }

  /** Negotiates with a QEMU that has connected; `record` sees each command. */
  static async open(
    socket: LineSocket,
    record: (line: string) => void,
  ): Promise<QmpClient> {
    const client = new QmpClient(socket, record);
    await client.execute("qmp_capabilities");
    return client;
  }

  /** Runs one command; QEMU's own words are in the error it rejects with. */
  execute(command: string, args?: QmpArguments): Promise<unknown> {
    const line = JSON.stringify(
      args === undefined
        ? { execute: command }
        : { execute: command, arguments: args },
    );
    this.#record(line);
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error(`Cannot execute ${command}: QEMU is gone`));
        return;
      }
      this.#pending.push({ command, resolve, reject });
      this.#socket.send(line);
    });
  }

  /** Runs one command of the human monitor and returns what it prints. */
  async monitor(commandLine: string): Promise<string> {
    return String(
      await this.execute("human-monitor-command", {
        "command-line": commandLine,
      }),
    );
  }

  /**
   * Starts a migration and waits for its end, told by QEMU's events.
   *
   * The capability `events` must be on. Rejects with QEMU's own error text.
   */
  async migrate(
    command: "migrate" | "migrate-incoming",
    args: QmpArguments,
    options: { readonly timeoutMs: number },
  ): Promise<void> {
    const ended = this.#migrationEnd(command, options.timeoutMs);
    try {
      await this.execute(command, args);
    } catch (error) {
      ended.cancel();
      throw error;
    }
    await ended.promise;
    const info = await this.execute("query-migrate") as Record<string, unknown>;
    if (info.status === "completed") return;
    throw new Error(
      `Cannot ${command}: ${info["error-desc"] ?? `it is ${info.status}`}`,
    );
  }

  /** Closes the connection. */
  close(): void {
    this.#socket.close();
  }

  #migrationEnd(
    command: string,
    timeoutMs: number,
  ): { promise: Promise<void>; cancel(): void } {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // It may reject before the caller has come to wait for it.
    promise.catch(() => {});
    const timer = setTimeout(
      () => settle(`it has not ended after ${timeoutMs} ms`),
      timeoutMs,
    );
    const settle = (failure?: string): void => {
      clearTimeout(timer);
      this.#listeners.delete(listener);
      if (failure === undefined) resolve();
      else reject(new Error(`Cannot ${command}: ${failure}`));
    };
    const listener = (event: QmpEvent | undefined): void => {
      if (event === undefined) settle("QEMU is gone");
      else if (event.event !== "MIGRATION") return;
      else if (["completed", "failed"].includes(String(event.data.status))) {
        settle();
      }
    };
    this.#listeners.add(listener);
    return { promise, cancel: () => settle() };
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as Record<string, unknown>;
    if ("event" in message) {
      const event = {
        event: String(message.event),
        data: (message.data ?? {}) as Record<string, unknown>,
      };
      for (const listener of [...this.#listeners]) listener(event);
    } else if (!("QMP" in message)) {
      const command = this.#pending.shift();
      if (command === undefined) return;
      if ("error" in message) {
        const { desc } = message.error as { desc: string };
        command.reject(new Error(`Cannot execute ${command.command}: ${desc}`));
      } else command.resolve(message.return);
    }
  }

  #end(): void {
    this.#closed = true;
    for (const { command, reject } of this.#pending.splice(0)) {
      reject(new Error(`Cannot execute ${command}: QEMU is gone`));
    }
    for (const listener of [...this.#listeners]) listener(undefined);
  }
}
