import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(
  new URL("../../../reference/cli/main.ts", import.meta.url),
);
const TIMEOUT_MS = 300_000;

/** The result of a command. */
export interface CommandExit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command `resume`, running as a separate process. */
export class ResumeCommand implements AsyncDisposable {
  /** Resolves with the result once it has exited. */
  readonly exited: Promise<CommandExit>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #killNow: () => void;
  #stdout = "";
  #stderr = "";
  #text = Promise.withResolvers<void>();
  #hasExited = false;

  /** Starts it in a directory, through the command `wrapper` if given. */
  constructor(
    directory: string,
    args: readonly string[],
    wrapper: readonly string[] = [],
  ) {
    const deno = "Deno" in globalThis ? ["run", "--quiet", "-A"] : [];
    const line = [process.execPath, ...deno, MAIN, "resume", ...args];
    const [program, ...rest] = [...wrapper, ...line];
    const child = spawn(program, rest, { cwd: directory, stdio: "pipe" });
    this.#child = child;
    child.stdout.on("data", (text) => {
      this.#stdout += String(text);
      this.#onText();
    });
    child.stderr.on("data", (text) => {
      this.#stderr += String(text);
      this.#onText();
    });
    this.#killNow = () => void child.kill("SIGKILL");
    process.once("exit", this.#killNow);
    this.exited = new Promise((resolve) => {
      child.on("close", (code) => {
        this.#hasExited = true;
        process.removeListener("exit", this.#killNow);
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
        this.#onText();
      });
    });
  }

  /** The events that it has printed with --json. */
  get events(): readonly Readonly<Record<string, unknown>>[] {
    const lines = this.#stdout.split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }

  /** Waits until `condition` holds; checked whenever it prints something. */
  async until(
    what: string,
    condition: () => boolean,
    { timeout = TIMEOUT_MS }: { readonly timeout?: number } = {},
  ): Promise<void> {
    const end = performance.now() + timeout;
    while (!condition()) {
      const said = `${this.#stdout}\n${this.#stderr}`;
      assert.ok(!this.#hasExited, `it has exited before ${what}: ${said}`);
      assert.ok(performance.now() < end, `${what} takes too long: ${said}`);
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, end - performance.now());
      await Promise.race([this.#text.promise, late.promise]);
      clearTimeout(timer);
    }
  }

  #onText(): void {
    this.#text.resolve();
    this.#text = Promise.withResolvers();
  }

  /** Writes to its standard input. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Waits until its standard output matches. */
  wrote(pattern: RegExp): Promise<void> {
    return this.until(`writing ${pattern}`, () => pattern.test(this.#stdout));
  }

  /** Waits until its standard error matches. */
  said(
    pattern: RegExp,
    options: { readonly timeout?: number } = {},
  ): Promise<void> {
    const isSaid = () => pattern.test(this.#stderr);
    return this.until(`saying ${pattern}`, isSaid, options);
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends a signal to it. */
  signal(name: NodeJS.Signals): void {
    // With Deno's child.kill() it would exit without an exit code.
    if (this.#child.pid !== undefined) process.kill(this.#child.pid, name);
  }

  /** Terminates it, and with it the QEMU that it has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasExited) return;
    this.signal("SIGTERM");
    const timer = setTimeout(this.#killNow, 10_000);
    await this.exited;
    clearTimeout(timer);
  }
}
