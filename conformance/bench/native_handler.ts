import { execFileSync, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("./fault_handler.c", import.meta.url));

/** What a handler serves, and where. */
export interface NativeHandlerOptions {
  /** Path of the socket. */
  readonly socket: string;
  /** Path of the memory, byte for byte. */
  readonly image: string;
  /** Bytes that come with a fault. */
  readonly bytes: number;
  /** Whether it also copies what nobody has asked for. */
  readonly push?: boolean;
}

/** Compiles the page-fault handler in C that others are measured against. */
export function compileHandler(compiler: string, program: string): void {
  execFileSync(compiler, ["-O2", "-o", program, SOURCE]);
}

/** That handler, waiting for VMs at a socket; it is killed with this process. */
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

  /** Starts it; resolves when VMs can connect. */
  static async start(
    program: string,
    options: NativeHandlerOptions,
  ): Promise<NativeHandler> {
    const handler = new NativeHandler(program, options);
    await handler.until("ready");
    return handler;
  }

  /** Resolves when it has told of such an event. */
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
