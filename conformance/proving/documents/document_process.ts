import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import type { DocumentFolder } from "./document_folder.ts";

const TIMEOUT_MS = 90_000;

/** A command line of a document, running in a process group of its own. */
export class DocumentProcess implements AsyncDisposable {
  readonly line: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<number | null>;
  #output = "";
  #onChange: () => void = () => {};
  #hasExited = false;

  /** Starts it as a shell would. */
  constructor(folder: DocumentFolder, line: string) {
    this.line = line;
    this.#child = spawn("bash", ["-c", folder.local(line)], {
      cwd: folder.path,
      env: folder.env,
      detached: true,
      stdio: "pipe",
    });
    const { stdin, stdout, stderr } = this.#child;
    stdin.on("error", () => {}); // what has ended reads no more
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

  /** Waits until it has printed something that it has not printed before. */
  async printed(pattern: RegExp): Promise<void> {
    const end = performance.now() + TIMEOUT_MS;
    while (!pattern.test(this.#output)) {
      const left = end - performance.now();
      const why = `${this.line} has not printed ${pattern}: ${this.#output}`;
      assert.ok(!this.#hasExited && left > 0, why);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#onChange = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#output = this.#output.replace(pattern, "");
  }

  /** Types something. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Waits for its end, which must be a success. */
  async done(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.kill("SIGKILL"), TIMEOUT_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    assert.equal(code, 0, `${this.line}: ${this.#output}`);
  }

  /** Sends a signal to it and to all that it has started. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined && !this.#hasExited) process.kill(-pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.#exited;
  }
}
