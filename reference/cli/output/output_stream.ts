import { fstatSync } from "node:fs";
import { isTtyOf } from "./is_tty.ts";
import { OutputThread } from "./output_thread.ts";
import { type PendingOptions, PendingOutput } from "./pending_output.ts";
import { openUnblocked } from "./open_unblocked.ts";
import { writeAll, writeSome } from "./write_all.ts";

/** Pending bytes of the product above which its producer waits. */
const ROOM = 0x100000;
/**
 * Milliseconds without a byte read after which the log is abandoned at the end.
 */
const STALL_MAX = 2000;
/** Milliseconds after which the log is abandoned at the end in any case. */
const DRAIN_MAX = 10_000;
const POLL_INTERVAL = 100;

/**
 * Output to a file descriptor that does not block the event loop. The product
 * of the command is kept until it is read; unread lines of its log are dropped.
 */
export class OutputStream {
  readonly #fd: number;
  readonly #pending: PendingOutput;
  #kind: "file" | "device" | "stream" | undefined;
  /** A descriptor of the stream whose writes never block, if available. */
  #unblocked: number | undefined;
  #thread: OutputThread | undefined;
  #isSending = false;
  #sendsProduct = false;
  #failure: { readonly error: unknown } | undefined;
  #lostProduct = false;
  #trouble: unknown;
  /** Settled and replaced whenever a write completes or fails. */
  #turn = Promise.withResolvers<void>();

  /** `sayDropped` returns the line that reports how many lines were dropped. */
  constructor(fd: number, sayDropped: (count: number) => string) {
    this.#fd = fd;
    this.#pending = new PendingOutput(sayDropped);
  }

  /** Lines of the log that were lost and have not been reported as dropped. */
  get lostLines(): number {
    return this.#pending.lostLines;
  }

  /** Why the last lines of the log were lost, if a write failed. */
  get trouble(): unknown {
    return this.#trouble;
  }

  /** Writes a part of the product; throws if it cannot be written. */
  print(bytes: Uint8Array): void {
    if (this.#failure === undefined) {
      const done = this.#writeReady(bytes, true);
      if (done < bytes.length && this.#failure === undefined) {
        this.#pending.push(bytes.slice(done), { product: true });
        void this.#send();
      }
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits until there is room for more of the product. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#pending.byteLength > ROOM && this.#failure === undefined) {
      await this.#wait(signal);
      signal.throwIfAborted();
    }
  }

  /** Writes a line of the log, now or when it is read, or drops it. */
  log(text: string, options: Omit<PendingOptions, "product"> = {}): void {
    if (this.#failure !== undefined) return;
    const bytes = new TextEncoder().encode(text);
    const done = this.#writeReady(bytes, false);
    if (done === bytes.length || this.#failure !== undefined) return;
    this.#pending.push(bytes.subarray(done), options);
    void this.#send();
  }

  /**
   * Waits until everything is written: the product for as long as it takes, the
   * log for a short time. Throws if the product cannot be written.
   */
  async drain(signal?: AbortSignal): Promise<void> {
    const begun = performance.now();
    let steps = 0;
    let stepped = begun;
    while (this.#isSending) {
      const now = performance.now();
      const isProduct = this.#sendsProduct || this.#pending.hasProduct;
      if (isProduct) signal?.throwIfAborted();
      else if (now - begun > DRAIN_MAX) return;
      else if (steps > 0 && now - stepped > STALL_MAX) return;
      await this.#wait(signal);
      const { steps: reached = 0 } = this.#thread ?? {};
      if (reached === steps) continue;
      steps = reached;
      stepped = performance.now();
    }
    if (this.#lostProduct) throw this.#failure?.error;
  }

  /**
   * Writes as much as possible without waiting for a reader, and returns the
   * number of bytes. A log does not wait for a disk, either.
   */
  #writeReady(bytes: Uint8Array, isProduct: boolean): number {
    // Lines that were lost are reported first.
    if (this.#isSending || this.lostLines > 0) return 0;
    this.#kind ??= this.#look();
    if (this.#kind === "stream") {
      if (this.#unblocked === undefined) return 0;
      try {
        return writeSome(this.#unblocked, bytes);
      } catch (error) {
        this.#fail(error, bytes, isProduct);
        return bytes.length;
      }
    }
    if (this.#kind === "file" && !isProduct) return 0;
    this.#writeNow(bytes, isProduct);
    return bytes.length;
  }

  #look(): "file" | "device" | "stream" {
    try {
      const stat = fstatSync(this.#fd);
      if (stat.isFile()) return "file";
      if (stat.isCharacterDevice() && !isTtyOf(this.#fd, stat)) return "device";
      this.#unblocked = openUnblocked(this.#fd);
    } catch {
      // It is closed, as the first write reports.
    }
    return "stream";
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sendsProduct = this.#pending.hasProduct;
    for (
      let batch = this.#pending.take();
      batch !== undefined;
      batch = this.#pending.take()
    ) {
      await this.#write(batch);
      this.#sendsProduct = this.#pending.hasProduct;
      this.#endTurn();
    }
    this.#isSending = false;
    this.#endTurn();
  }

  async #write(batch: Uint8Array<ArrayBuffer>): Promise<void> {
    const thread = this.#start();
    if (thread === undefined) return this.#writeNow(batch, this.#sendsProduct);
    try {
      await thread.write(batch);
    } catch (error) {
      if (thread.hasEnded) return this.#writeNow(batch, this.#sendsProduct);
      this.#fail(error, batch, this.#sendsProduct);
    }
  }

  /** Returns the thread, started if need be; undefined if it cannot run. */
  #start(): OutputThread | undefined {
    try {
      this.#thread ??= new OutputThread(this.#fd);
      return this.#thread.hasEnded ? undefined : this.#thread;
    } catch {
      return undefined;
    }
  }

  #writeNow(bytes: Uint8Array, isProduct: boolean): void {
    if (this.#failure !== undefined) return;
    try {
      writeAll(this.#fd, bytes);
    } catch (error) {
      this.#fail(error, bytes, isProduct);
    }
  }

  /** A full disk may get space again; a reader that left does not return. */
  #fail(error: unknown, bytes: Uint8Array, isProduct: boolean): void {
    const { code } = error as NodeJS.ErrnoException;
    if (!isProduct && code !== "EPIPE" && code !== "EBADF") {
      this.#trouble = error;
      this.#pending.lose(bytes);
      return;
    }
    this.#failure = { error };
    if (isProduct || this.#pending.hasProduct) this.#lostProduct = true;
    this.#pending.clear();
  }

  #endTurn(): void {
    this.#turn.resolve();
    this.#turn = Promise.withResolvers();
  }

  /** Waits for a write, for the signal, or for a time limit. */
  async #wait(signal?: AbortSignal): Promise<void> {
    const timeout = Promise.withResolvers<void>();
    const stop = () => timeout.resolve();
    const timer = setTimeout(stop, POLL_INTERVAL);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await Promise.race([this.#turn.promise, timeout.promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}
