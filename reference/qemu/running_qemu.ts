import { nodeFs } from "../local/mod.ts";
import type { ChildExit } from "./child_exit.ts";
import type { ChildProcess } from "./child_process.ts";
import type { QmpClient } from "./qmp_client.ts";

/** A QEMU started by this process; disposing of it ends QEMU. */
export class RunningQemu implements AsyncDisposable {
  /** QEMU's monitor. */
  readonly qmp: QmpClient;
  /**
   * A directory that only its owner can access, for sockets and files needed
   * while QEMU runs.
   */
  readonly directory: string;
  readonly #child: ChildProcess;

  /** Called by `startQemu`. */
  constructor(
    child: ChildProcess,
    { qmp, directory }: {
      readonly qmp: QmpClient;
      readonly directory: string;
    },
  ) {
    this.#child = child;
    this.qmp = qmp;
    this.directory = directory;
  }

  /** QEMU's process id. */
  get processId(): number {
    return this.#child.processId ?? 0;
  }

  /** The end of what QEMU has printed on stderr. */
  get stderr(): string {
    return this.#child.stderr;
  }

  /** How QEMU ended, once it has. */
  get exited(): Promise<ChildExit> {
    return this.#child.exited;
  }

  /**
   * Returns the result of `promise`, or throws a `ProgramEndedError` with
   * QEMU's stderr if QEMU ends first.
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
