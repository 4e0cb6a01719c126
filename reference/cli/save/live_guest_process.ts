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

/** What is started, of either runtime. */
const SCRIPT = entryUrl("./live_guest.ts", import.meta.url);

/**
 * A process that keeps writing to an image, which is its memory, and tells which
 * pages. It ends by itself when we do: its standard input ends then.
 */
export class LiveGuestProcess implements Disposable {
  /** The pages that it told of. */
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
    child.stdin.on("error", () => {}); // It is gone; `stop` says so.
    this.#closed = once(child, "close");
    this.#closed.catch(() => {});
  }

  /** Starts it; resolves when it has written for the first time. */
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

  /** How many pages it has written, the same ones again counted again. */
  get writes(): number {
    return this.#writes;
  }

  /** Resolves when it writes no more, and all that it wrote is in `dirty`. */
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

  /** Ends it, if it runs still. */
  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
