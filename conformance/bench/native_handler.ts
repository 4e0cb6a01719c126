import { execFileSync, spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { KnownGuest } from "../proving/page_server/known_guest.ts";

const SOURCE = fileURLToPath(new URL("./fault_handler.c", import.meta.url));

/** Options of a {@linkcode NativeHandler}. */
export interface NativeHandlerOptions {
  /** Path of the socket. */
  readonly socket: string;
  /** Path of a file with the contents of the memory. */
  readonly image: string;
  /** Bytes copied per fault. */
  readonly bytes: number;
  /** Whether it also copies pages in the background. */
  readonly push?: boolean;
}

/** Compiles the page-fault handler in C that serves as a baseline. */
export function compileHandler(compiler: string, program: string): void {
  execFileSync(compiler, ["-O2", "-o", program, SOURCE]);
}

/**
 * The running handler in C, listening on a socket; it is killed with this
 * process.
 */
export class NativeHandler implements Disposable {
  readonly socket: string;
  readonly #child;
  readonly #kill: () => void;
  #output = "";
  #changed: () => void = () => {};

  private constructor(program: string, options: NativeHandlerOptions) {
    const { socket, image, bytes, push = false } = options;
    this.socket = socket;
    const args = [socket, image, String(bytes), ...(push ? ["push"] : [])];
    this.#child = spawn(program, args, {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text) => {
      this.#output += text;
      this.#changed();
    });
    this.#kill = () => void this.#child.kill("SIGKILL");
    process.once("exit", this.#kill);
  }

  /** Starts the handler; resolves when VMs can connect. */
  static async start(
    program: string,
    options: NativeHandlerOptions,
  ): Promise<NativeHandler> {
    const handler = new NativeHandler(program, options);
    await handler.until("ready");
    return handler;
  }

  /** Resolves when it has reported the event. */
  async until(event: string): Promise<void> {
    while (!this.#output.includes(`"${event}"`)) {
      await new Promise<void>((resolve) => this.#changed = resolve);
    }
  }

  [Symbol.dispose](): void {
    this.#kill();
    process.removeListener("exit", this.#kill);
  }
}

/**
 * Copies the memory of a guest for the handler. If it read the file that the
 * client compares with, it would find many bytes in the processor's caches,
 * which page-server, with its snapshot, does not.
 */
export function copyImage({ image }: KnownGuest): string {
  const copy = `${image}.copy`;
  copyFileSync(image, copy);
  return copy;
}
