import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(
  new URL("../../../reference/cli/main.ts", import.meta.url),
);

/** An event that the page server printed. */
export interface ServerEvent {
  readonly event: string;
  readonly vm?: number;
  readonly pid?: number;
  readonly message?: string;
  readonly statistics?: { readonly faults: number; readonly retries: number };
}

/** Options of {@linkcode PageServerProcess.start}. */
export interface PageServerProcessOptions {
  /** Limit on its open descriptors. */
  readonly descriptors?: number | undefined;
  /**
   * A command that runs the rest of the command line and leaves its output
   * unread.
   */
  readonly wrapper?: readonly string[] | undefined;
}

/** `page-server` in a separate process; it is killed with the test. */
export class PageServerProcess implements AsyncDisposable {
  /** The events printed so far. */
  readonly events: ServerEvent[] = [];
  /** Its output on standard error. */
  stderr = "";
  readonly socket: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;
  readonly #kill: () => void;
  #change = Promise.withResolvers<void>();

  private constructor(
    socket: string,
    args: readonly string[],
    { descriptors, wrapper = [] }: PageServerProcessOptions,
  ) {
    this.socket = socket;
    const deno = "Deno" in globalThis ? ["run", "-A"] : [];
    const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors};`;
    const child = spawn("sh", [
      ...["-c", `${limit} exec "$@"`, "sh", ...wrapper, process.execPath],
      ...[...deno, MAIN, "page-server", "--json"],
      ...["--listen", `unix:${socket}`, ...args],
    ], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#exited = once(child, "close");
    this.#exited.then(() => this.#tellWaiting());
    let rest = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.events.push(...lines.map((line): ServerEvent => JSON.parse(line)));
      this.#tellWaiting();
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    this.#kill = () => void child.kill("SIGKILL");
    process.once("exit", this.#kill);
  }

  /** Starts the server; resolves when VMs can connect. */
  static async start(
    socket: string,
    args: readonly string[],
    options: PageServerProcessOptions = {},
  ): Promise<PageServerProcess> {
    const server = new PageServerProcess(socket, args, options);
    if (options.wrapper === undefined) {
      await server.until((it) => it.event === "ready");
    } else {
      while (!existsSync(socket)) await sleep(10);
    }
    return server;
  }

  /** Its process ID. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves to the first matching event; rejects if the server ends. */
  async until(isIt: (event: ServerEvent) => boolean): Promise<ServerEvent> {
    for (;;) {
      const found = this.events.find(isIt);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`The page server has ended: ${this.stderr}`);
      }
      await this.#change.promise;
    }
  }

  /** Resolves to the event of a kind with this number, counted from 0. */
  async nth(kind: string, number: number): Promise<ServerEvent> {
    const isOfKind = (it: ServerEvent) => it.event === kind;
    const isIt = (it: ServerEvent) =>
      isOfKind(it) && this.events.filter(isOfKind).indexOf(it) === number;
    return await this.until(isIt);
  }

  #tellWaiting(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Sends it a signal; resolves to its exit code. */
  async stop(
    signal: "SIGINT" | "SIGKILL" | "SIGTERM" = "SIGTERM",
  ): Promise<number | null> {
    const isOver = this.#child.exitCode !== null ||
      this.#child.signalCode !== null;
    // After `child.kill` Deno always reports that the signal killed it.
    if (!isOver) process.kill(this.pid, signal);
    const [code] = await this.#exited;
    process.removeListener("exit", this.#kill);
    return typeof code === "number" ? code : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}
