import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { OutputThread } from "./output_thread.ts";
import { type PendingOptions, PendingOutput } from "./pending_output.ts";
import { writeAll } from "./write_all.ts";

/** Bytes that a pipe or a terminal takes at once if nothing was written yet. */
const AT_ONCE = 4096;
/** Bytes of a product that wait before its maker has to. */
const ROOM = 0x100000;
/** Milliseconds at the end without a byte read after which a log is given up. */
const STALL_MAX = 2000;
/** Milliseconds at the end after which a log is given up in any case. */
const DRAIN_MAX = 10_000;
const POLL_INTERVAL = 100;

/**
 * Output to a file descriptor that does not block the event loop. The product of
 * the command is kept until it is read; of its log what nobody reads is dropped.
 */
export class OutputStream {
  readonly #fd: number;
  readonly #pending: PendingOutput;
  /** Bytes that may still be written without the thread. */
  #atOnce: number | undefined;
  #isDevice = false;
  #thread: OutputThread | undefined;
  #isSending = false;
  #sendsProduct = false;
  #failure: { readonly error: unknown } | undefined;
  #lostProduct = false;
  #trouble: unknown;
  /** Is settled, and another one made, when something was written or failed. */
  #turn = Promise.withResolvers<void>();

  /** `sayDropped` makes the line that says how many lines were dropped. */
  constructor(fd: number, sayDropped: (count: number) => string) {
    this.#fd = fd;
    this.#pending = new PendingOutput(sayDropped);
  }

  /** Lines of the log that have not been written, and that nobody was told of. */
  get lostLines(): number {
    return this.#pending.lostLines;
  }

  /** Why the last lines of the log were lost, if a write has failed. */
  get trouble(): unknown {
    return this.#trouble;
  }

  /** Writes a part of the product; throws if it cannot reach its reader. */
  print(bytes: Uint8Array): void {
    const atOnce = this.#look();
    if (this.#thread === undefined && bytes.length <= atOnce) {
      this.#atOnce = atOnce - bytes.length;
      this.#writeNow(bytes, true);
    } else if (this.#failure === undefined) {
      this.#pending.push(bytes.slice(), { product: true });
      void this.#send();
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

  /** Writes a line of the log, now or when somebody reads, or drops it. */
  log(text: string, options: Omit<PendingOptions, "product"> = {}): void {
    this.#look();
    if (this.#failure !== undefined) return;
    const bytes = new TextEncoder().encode(text);
    if (this.#isDevice) return this.#writeNow(bytes, false);
    this.#pending.push(bytes, options);
    void this.#send();
  }

  /** Writes the last line of a log: at once where nothing waits before it. */
  logLast(text: string): void {
    if (this.#thread !== undefined) return this.log(text);
    this.#look();
    this.#writeNow(new TextEncoder().encode(text), false);
  }

  /**
   * Waits until all is written: the product for as long as it takes, the log for
   * a short time. Throws if the product cannot reach its reader.
   */
  async drain(signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    let steps = 0;
    let stepped = begun;
    while (this.#isSending) {
      const now = performance.now();
      const isProduct = this.#sendsProduct || this.#pending.hasProduct;
      if (isProduct) signal.throwIfAborted();
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

  /** What the descriptor is; gives the bytes that can be written at once. */
  #look(): number {
    if (this.#atOnce !== undefined) return this.#atOnce;
    this.#atOnce = AT_ONCE;
    try {
      const stat = fstatSync(this.#fd);
      this.#isDevice = stat.isCharacterDevice() && !isatty(this.#fd);
      if (stat.isFile() || this.#isDevice) this.#atOnce = Infinity;
    } catch {
      // It is closed, which the first write says.
    }
    return this.#atOnce;
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
      this.#fail(error, batch, this.#sendsProduct);
    }
  }

  /** Starts the thread; undefined where the process may not have one. */
  #start(): OutputThread | undefined {
    try {
      return this.#thread ??= new OutputThread(this.#fd);
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

  /** A disk that is full may have room again; a reader does not come back. */
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

  /** Waits until something was written, the signal is aborted, or a while. */
  async #wait(signal: AbortSignal): Promise<void> {
    const late = Promise.withResolvers<void>();
    const stop = () => late.resolve();
    const timer = setTimeout(stop, POLL_INTERVAL);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await Promise.race([this.#turn.promise, late.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}
