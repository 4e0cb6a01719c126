import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { findQemu, type QemuTarget } from "./find_qemu.ts";

const START_TIMEOUT_MS = 120_000;

/** QEMU's process: it does not outlive the test, even if the test fails. */
export class RunningChild {
  /** QEMU's stderr so far. */
  stderr = "";
  readonly #exited: Promise<unknown>;
  readonly #killNow: () => void;

  constructor(
    target: QemuTarget,
    directory: string,
    args: readonly string[],
  ) {
    const path = findQemu(target) ?? `qemu-system-${target}`;
    const child = spawn(path, args, {
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.setEncoding("utf8");
    child.stderr?.on("data", (text) => this.stderr += String(text));
    this.#exited = once(child, "close").catch((error) => {
      this.stderr += String(error);
    });
    this.#killNow = () => void child.kill("SIGKILL");
    process.once("exit", this.#killNow);
  }

  /**
   * The value of `promise`; rejects if QEMU exits or does not answer in time.
   */
  async unlessGone<T>(promise: Promise<T>): Promise<T> {
    const deadline = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => deadline.reject(new Error("Cannot start QEMU: no answer")),
      START_TIMEOUT_MS,
    );
    const gone = this.#exited.then(() => {
      throw new Error(`Cannot start QEMU: ${this.stderr.trim()}`);
    });
    try {
      return await Promise.race([promise, gone, deadline.promise]);
    } finally {
      clearTimeout(timer);
      gone.catch(() => {});
    }
  }

  /** Kills QEMU and waits until it has exited. */
  async kill(): Promise<void> {
    this.#killNow();
    process.removeListener("exit", this.#killNow);
    await this.#exited;
  }
}
