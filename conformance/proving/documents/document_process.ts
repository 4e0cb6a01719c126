import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import type { DocumentFolder } from "./document_folder.ts";

const TIMEOUT_MS = 250_000;

/** A command line of a document, running in its own process group. */
export class DocumentProcess implements AsyncDisposable {
  readonly line: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<number | null>;
  #output = "";
  #onChange: () => void = () => {};
  #hasExited = false;

  /** Starts the command line in a shell. */
  constructor(folder: DocumentFolder, line: string) {
    this.line = line;
    this.#child = spawn("bash", ["-c", folder.local(line)], {
      cwd: folder.path,
      env: folder.env,
      detached: true,
      stdio: "pipe",
    });
    const { stdin, stdout, stderr } = this.#child;
    stdin.on("error", () => {}); // it may have exited
    for (const stream of [stdout, stderr]) {
      stream.on("data", (text) => {
        this.#output += String(text);
        this.#onChange();
      });
    }
    this.#exited = new Promise((resolve) => {
      this.#child.on("close", (code) => {
        this.#hasExited = true;
        resolve(code);
        this.#onChange();
      });
    });
  }

  /** Waits until it prints something that has not been waited for yet. */
  async printed(pattern: RegExp): Promise<RegExpMatchArray> {
    const end = performance.now() + TIMEOUT_MS;
    for (;;) {
      const match = this.#output.match(pattern);
      if (match !== null) {
        this.#output = this.#output.replace(pattern, "");
        return match;
      }
      const remainingMs = end - performance.now();
      const why = `${this.line} has not printed ${pattern}: ${this.#output}`;
      assert.ok(!this.#hasExited && remainingMs > 0, why);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remainingMs);
        this.#onChange = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Writes text to its standard input. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Waits for its end; it must succeed. */
  async done(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.kill("SIGKILL"), TIMEOUT_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    assert.equal(code, 0, `${this.line}: ${this.#output}`);
  }

  /** Sends a signal to it and its child processes. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined && !this.#hasExited) process.kill(-pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.#exited;
  }
}
