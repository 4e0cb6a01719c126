import { nodeFs } from "../local/mod.ts";
import type { ChildExit, ChildProcess } from "./child_process.ts";
import type { QmpClient } from "./qmp_client.ts";

/** A QEMU that we have started; disposing of it ends it. */
export class RunningQemu implements AsyncDisposable {
  /** Its monitor. */
  readonly qmp: QmpClient;
  /**
   * A directory that only its owner may look into, for sockets and files that
   * are of use as long as QEMU runs.
   */
  readonly directory: string;
  readonly #child: ChildProcess;

  /** Made by `startQemu`. */
  constructor(child: ChildProcess, qmp: QmpClient, directory: string) {
    this.#child = child;
    this.qmp = qmp;
    this.directory = directory;
  }

  /** Its process id. */
  get processId(): number {
    return this.#child.processId ?? 0;
  }

  /** The end of what it has printed on stderr. */
  get stderr(): string {
    return this.#child.stderr;
  }

  /** How it ended, once it has. */
  get exited(): Promise<ChildExit> {
    return this.#child.exited;
  }

  /**
   * What `promise` gives, or a `SourceError` with what QEMU printed if QEMU
   * ends before.
   */
  whileRunning<T>(promise: Promise<T>): Promise<T> {
    return this.#child.whileRunning(promise);
  }

  /** Ends QEMU and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.qmp.close();
    await this.#child.end();
    nodeFs().rmSync(this.directory, { recursive: true, force: true });
  }
}
