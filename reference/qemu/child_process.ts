import type {
  ChildProcess as NodeChildProcess,
  StdioOptions,
} from "node:child_process";
import { builtinModule } from "../local/mod.ts";
import { errorCode, SourceError } from "../sources/mod.ts";
import { waitFor } from "../work/mod.ts";
import type { ChildExit } from "./child_exit.ts";
import { ProgramEndedError } from "./qemu_errors.ts";

/** Options of starting a program. */
export interface ChildOptions {
  /** Working directory. Default: that of this process. */
  readonly directory?: string | undefined;
  /** Standard input and output of the program. */
  readonly stdio: "ignore" | "inherit" | "pipe";
  /** Whether it has a session of its own, and so receives no Ctrl-C. */
  readonly detached?: boolean | undefined;
  /** Called with what it prints on stderr. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** Maximum characters kept of the end of stderr. */
const STDERR_MAX = 0x10000;

/** Milliseconds that a program may take to exit after its sockets close. */
const EXIT_TIMEOUT = 1000;
/** Milliseconds to wait for the rest of stderr after the exit. */
const STDERR_TIMEOUT = 500;
/** Milliseconds that a program may take to exit after SIGTERM. */
const END_TIMEOUT = 5000;

/** A child process. It is killed when this process ends, if possible. */
export class ChildProcess {
  /** Name of the program, as given. */
  readonly program: string;
  /**
   * How the program ended, once it has; rejects with a `SourceError` if it
   * never ran.
   */
  readonly exited: Promise<ChildExit>;
  readonly #process = builtinModule("node:process", PROGRAMS);
  readonly #child: NodeChildProcess;
  readonly #killNow = () => void this.kill("SIGKILL");
  #stderr = "";
  #isGone = false;

  /** Starts the program. */
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
        // "close" also waits for the end of stderr, which a grandchild may keep
        // open forever.
        const timer = setTimeout(
          () => resolve({ code, signal }),
          STDERR_TIMEOUT,
        );
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

  /** The end of what the program has printed on stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Process id; undefined if the program never ran. */
  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Passes the program's stdout to `listener`, if it is a pipe. */
  onStdout(listener: (bytes: Uint8Array) => void): void {
    this.#child.stdout?.on("data", listener);
  }

  /** Sends a signal; has no effect after the exit. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isGone) return;
    try {
      // Deno's `ChildProcess.kill` sends no second signal.
      this.#process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }

  /**
   * Returns the result of `promise`, or throws a `ProgramEndedError` with the
   * program's stderr if the program ends first.
   */
  async whileRunning<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    const ended = this.exited.then((exit) => {
      throw new ProgramEndedError(this.program, { exit, stderr: this.stderr });
    });
    ended.catch(() => {});
    try {
      return await Promise.race([promise, ended]);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      // A dying program closes its sockets shortly before it exits.
      return await waitFor(ended, {
        timeout: EXIT_TIMEOUT,
        timeoutError: () => error,
      });
    }
  }

  /**
   * Ends the program: SIGTERM, then SIGKILL if needed, and waits for the exit.
   */
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

  #cannotStart(error: Error): SourceError {
    const code = errorCode(error);
    const reason = code === "ENOENT"
      ? "there is no such program, or no such working directory"
      : code === "EACCES"
      ? "permission denied"
      : error.message;
    return new SourceError(
      this.program,
      `Cannot start ${JSON.stringify(this.program)}: ${reason}`,
      { cause: error },
    );
  }
}

const PROGRAMS = { what: "programs", action: "start programs" };
