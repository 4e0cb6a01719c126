import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { DirtyPages } from "../../saving/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import { entryUrl } from "../../work/mod.ts";
import { GUEST_PAGE_SIZE, GUEST_STOPPED } from "./live_guest_words.ts";

const WORD = 4;

/** The script of the guest, for all runtimes. */
const SCRIPT = entryUrl("./live_guest.ts", import.meta.url);

/**
 * A process that keeps writing to an image, which is its memory, and reports
 * the pages. It ends with this process, because its standard input then ends.
 */
export class LiveGuestProcess implements Disposable {
  /** The reported pages. */
  readonly dirty: DirtyPages;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  #writes = 0;
  #errors = "";
  #rest = new Uint8Array(0);
  #isStopped = false;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    pageCount: number,
  ) {
    this.#child = child;
    this.dirty = new DirtyPages(pageCount);
    child.stdout.on("data", (bytes: Uint8Array) => this.#take(bytes));
    child.stderr.on("data", (bytes) => this.#errors += bytes);
    child.stdin.on("error", () => {}); // It has ended; `stop` reports that.
    this.#closed = once(child, "close");
    this.#closed.catch(() => {});
  }

  /** Starts the guest; resolves after its first write. */
  static async start(
    image: string,
    { byteLength, rate }: {
      readonly byteLength: number;
      readonly rate: number;
    },
  ): Promise<LiveGuestProcess> {
    const program = "Deno" in globalThis
      ? ["run", "--quiet", "--no-check", "--allow-all", SCRIPT.href]
      : [fileURLToPath(SCRIPT)];
    const args = [...program, image, String(rate)];
    const stdio = ["pipe", "pipe", "pipe"] as const;
    const env = { ...process.env, NO_COLOR: "1" };
    const child = spawn(process.execPath, args, { stdio: [...stdio], env });
    const guest = new LiveGuestProcess(child, byteLength / GUEST_PAGE_SIZE);
    await Promise.race([once(child.stdout, "data"), guest.#closed]);
    if (guest.#writes === 0) throw guest.#failure(image);
    return guest;
  }

  /** Number of page writes, repeated ones included. */
  get writes(): number {
    return this.#writes;
  }

  /** Stops the guest; resolves when all of its writes are in `dirty`. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
    if (!this.#isStopped) throw this.#failure("the guest");
  }

  #take(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const words = new DataView(all.buffer);
    let at = 0;
    for (; at + WORD <= all.length; at += WORD) {
      const word = words.getUint32(at, true);
      if (word === GUEST_STOPPED) this.#isStopped = true;
      else {
        this.dirty.mark(word);
        this.#writes++;
      }
    }
    this.#rest = all.subarray(at);
  }

  #failure(name: string): SourceError {
    const { exitCode, signalCode } = this.#child;
    const reason = this.#errors.trim().split("\n")[0] ||
      `it ended with ${signalCode ?? exitCode ?? "nothing"}`;
    return new SourceError(name, `Cannot run the guest: ${reason}`);
  }

  /** Kills the guest if it is still running. */
  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
