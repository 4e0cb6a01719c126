import { rmSync } from "node:fs";
import { type ChildExit, QmpClient, startQemu } from "../../qemu/mod.ts";
import { makeTemporaryFolder } from "../../scratch/mod.ts";
import { connectSocket } from "../../sockets/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";

/** A QEMU that takes a guest in. */
export interface Destination extends AsyncDisposable {
  /** Its monitor. */
  readonly qmp: QmpClient;
  /** A directory for sockets and files that it needs for a while. */
  readonly directory: string;
  /** The end of what it has printed on standard error, where we see that. */
  readonly stderr: string;
  /**
   * Settles when it has gone, or says that it is about to; says how, where we see
   * that.
   */
  readonly gone: Promise<ChildExit | undefined>;
  /** What `promise` gives, or an error if QEMU ends before. */
  whileRunning<T>(promise: Promise<T>): Promise<T>;
}

/** How to start a QEMU. */
export interface StartOptions {
  /** Whether its standard input and output are ours. */
  readonly stdio: "ignore" | "inherit";
  /** Is told what it prints on standard error. */
  readonly onStderr: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Starts a QEMU, which ends when this is disposed of. */
export async function startDestination(
  { program, args }: QemuCommand,
  options: StartOptions,
): Promise<Destination> {
  const qemu = await startQemu(args, { ...options, program, detached: true });
  return {
    qmp: qemu.qmp,
    directory: qemu.directory,
    get stderr() {
      return qemu.stderr;
    },
    gone: qemu.exited,
    whileRunning: (promise) => qemu.whileRunning(promise),
    [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose](),
  };
}

/** Milliseconds that a monitor may take for its first answer. */
const GREETING_TIMEOUT = 10_000;

/** Talks to a QEMU that is there, and leaves it as it is in the end. */
export async function attachDestination(
  address: string,
  signal: AbortSignal,
): Promise<Destination> {
  const channel = await connectSocket(address, { signal });
  // QEMU lets a second client wait until the first has gone.
  const qmp = await QmpClient.open(channel, {
    signal,
    timeout: GREETING_TIMEOUT,
  });
  const directory = makeTemporaryFolder();
  // That a monitor hangs up does not say that the guest has ended.
  const gone = qmp.waitForEvent(({ event }) => event === "SHUTDOWN")
    .then(() => undefined, () => new Promise<never>(() => {}));
  return {
    qmp,
    directory,
    stderr: "",
    gone,
    whileRunning: (promise) => promise,
    [Symbol.asyncDispose]() {
      qmp.close();
      rmSync(directory, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}
