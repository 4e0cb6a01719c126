import type {
  ChildProcess as NodeChildProcess,
  StdioOptions,
} from "node:child_process";
import { builtinModule } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { waitFor } from "../work/mod.ts";
import { plainLines } from "./quote_words.ts";

/** How a program ended. */
export interface ChildExit {
  /** Its exit code; null if a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, where one did. */
  readonly signal: string | null;
}

/** How to start a program. */
export interface ChildOptions {
  /** Where it runs. Default: where we do. */
  readonly directory?: string | undefined;
  /** What its standard input and output are. */
  readonly stdio: "ignore" | "inherit" | "pipe";
  /** Whether it has a session of its own, so that no Ctrl-C comes to it. */
  readonly detached?: boolean | undefined;
  /** Is told what it prints on stderr. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** So much of the end of stderr is kept, in characters. */
const STDERR_MAX = 0x10000;

/** Milliseconds that a program may take to be gone after its sockets are. */
const DYING = 1000;
/** Milliseconds that its last words may take to come. */
const LAST_WORDS = 500;
/** Milliseconds that a program may take to end when it is asked to. */
const END_TIMEOUT = 5000;

/** A program that runs beside us. It does not outlive us if we can help it. */
export class ChildProcess {
  /** Name of the program, as it was given. */
  readonly program: string;
  /** How it ended, once it has; rejects with a `SourceError` if it never ran. */
  readonly exited: Promise<ChildExit>;
  readonly #process = builtinModule("node:process", PROGRAMS);
  readonly #child: NodeChildProcess;
  readonly #killNow = () => void this.kill("SIGKILL");
  #stderr = "";
  #isGone = false;

  /** Starts it. */
  constructor(program: string, args: readonly string[], options: ChildOptions) {
    this.program = program;
    const { spawn } = builtinModule("node:child_process", PROGRAMS);
    const { stdio, detached = false, directory, onStderr } = options;
    const streams: StdioOptions = [
      stdio === "pipe" ? "ignore" : stdio,
      stdio,
      "pipe",
    ];
    const child = spawn(program, [...args], {
      stdio: streams,
      detached,
      ...(directory === undefined ? {} : { cwd: directory }),
    });
    this.#child = child;
    child.stderr?.setEncoding("utf8");
    child.stderr?.on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_MAX);
      onStderr?.(text);
    });
    this.exited = new Promise((resolve, reject) => {
      child.on("error", (error) => reject(this.#cannotStart(error)));
      child.on("exit", (code, signal) => {
        this.#isGone = true;
        // It closes when stderr has ended too, which a child of its own may
        // keep open for ever.
        const timer = setTimeout(() => resolve({ code, signal }), LAST_WORDS);
        child.on("close", () => {
          clearTimeout(timer);
          resolve({ code, signal });
        });
      });
    });
    this.#process.once("exit", this.#killNow);
    const forget = () => {
      this.#process.removeListener("exit", this.#killNow);
    };
    this.exited.then(forget, forget);
  }

  /** The end of what it has printed on stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Its process id; undefined if it never ran. */
  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Is given what it prints on stdout, where that is a pipe. */
  onStdout(listener: (bytes: Uint8Array) => void): void {
    this.#child.stdout?.on("data", listener);
  }

  /** Sends it a signal; harmless when it is gone. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isGone) return;
    try {
      // Deno's `ChildProcess.kill` sends no second signal.
      this.#process.kill(pid, signal);
    } catch {
      // It ended in this moment.
    }
  }

  /**
   * What `promise` gives, or a `SourceError` with what the program printed if
   * that ends before.
   */
  async whileRunning<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    const ended = this.exited.then((exit) => {
      throw this.#ended(exit);
    });
    ended.catch(() => {});
    try {
      return await Promise.race([promise, ended]);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      // A program that dies closes its sockets a moment before it is gone.
      return await waitFor(ended, { timeout: DYING, late: () => error });
    }
  }

  /** Asks it to end, makes it end if it does not, and waits until it is gone. */
  async end(): Promise<void> {
    this.kill("SIGTERM");
    const timer = setTimeout(this.#killNow, END_TIMEOUT);
    try {
      await this.exited;
    } catch {
      // It never ran.
    } finally {
      clearTimeout(timer);
    }
  }

  #ended({ code, signal }: ChildExit): SourceError {
    const how = signal === null ? `exit code ${code}` : signal;
    const text = plainLines(this.#stderr);
    return new SourceError(
      this.program,
      `${JSON.stringify(this.program)} has ended (${how})` +
        (text === "" ? "" : `: ${text}`),
    );
  }

  #cannotStart(error: Error): SourceError {
    const { code } = error as { readonly code?: string };
    const reason = code === "ENOENT"
      ? "there is no such program, or no such directory to run it in"
      : code === "EACCES"
      ? "it may not be run"
      : error.message;
    return new SourceError(
      this.program,
      `Cannot start ${JSON.stringify(this.program)}: ${reason}`,
      { cause: error },
    );
  }
}

const PROGRAMS = { what: "programs", action: "start programs" };
