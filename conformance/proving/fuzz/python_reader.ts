import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { fileURLToPath } from "node:url";
import { answer } from "../../readers/mapped_ram.ts";

const SCRIPT = fileURLToPath(
  new URL("../../readers/mapped_ram_reader.py", import.meta.url),
);

/** The running reader in Python, which reads one file after the other. */
export class PythonReader implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder = mkdtempSync(join(tmpdir(), "mapped-ram-python-"));

  private constructor(child: ChildProcess) {
    const { stdout } = child;
    if (stdout === null) throw new Error("Cannot start Python: no stdout");
    this.#child = child;
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** Starts the reader; returns undefined if there is no python3. */
  static async start(): Promise<PythonReader | undefined> {
    const child = spawn("python3", [SCRIPT], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      await once(child, "spawn");
    } catch {
      return undefined;
    }
    return new PythonReader(child);
  }

  /** Returns its answer for a file. */
  async ask(path: string): Promise<unknown> {
    this.#child.stdin?.write(`${path}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("The Python reader has ended");
    return JSON.parse(value);
  }

  /**
   * Returns how it differs from this repository's reader; undefined if it does
   * not.
   */
  async compare(bytes: Uint8Array): Promise<string | undefined> {
    const path = join(this.#folder, "file");
    writeFileSync(path, bytes);
    const fromPython = commonMembers(await this.ask(path));
    const fromLibrary = commonMembers(await answer(path, {}));
    if (isDeepStrictEqual(fromPython, fromLibrary)) return undefined;
    if (isRefusal(fromPython) && isRefusal(fromLibrary)) return undefined;
    // It does not support such files.
    if (isRefusal(fromPython) && fromPython.error.kind === "unsupported") {
      return undefined;
    }
    return `Python: ${short(fromPython)}; here: ${short(fromLibrary)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.stdin?.end();
    await closed;
    rmSync(this.#folder, { recursive: true });
  }
}

function isRefusal(it: object): it is { readonly error: { kind: string } } {
  return "error" in it;
}

/** Returns the members that both readers report. */
function commonMembers(it: unknown): object {
  const { error, machine, capabilities, blocks } = it as Record<
    string,
    unknown
  >;
  return error === undefined ? { machine, capabilities, blocks } : { error };
}

function short(it: unknown): string {
  return JSON.stringify(it).slice(0, 300);
}
