import { rmSync } from "node:fs";
import { type ChildExit, QmpClient, startQemu } from "../../qemu/mod.ts";
import { makeTemporaryFolder } from "../../scratch/mod.ts";
import { connectSocket } from "../../sockets/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";

/** A QEMU that receives a guest. */
export interface Destination extends AsyncDisposable {
  /** Its monitor. */
  readonly qmp: QmpClient;
  /** Directory for temporary sockets and files. */
  readonly directory: string;
  /** The end of its output on standard error, if this process started it. */
  readonly stderr: string;
  /**
   * Settles when it has ended or announces that it will, with its exit code if
   * this process started it.
   */
  readonly gone: Promise<ChildExit | undefined>;
  /** Returns the result of `promise`, or rejects if QEMU ends first. */
  whileRunning<T>(promise: Promise<T>): Promise<T>;
}

/** Options of starting a QEMU. */
export interface StartOptions {
  /** Whether it inherits standard input and output. */
  readonly stdio: "ignore" | "inherit";
  /** Called with its output on standard error. */
  readonly onStderr: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Starts a QEMU, which is stopped on disposal. */
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

/** Milliseconds for the first answer of a monitor. */
const GREETING_TIMEOUT = 10_000;

/** Connects to a running QEMU, which keeps running on disposal. */
export async function attachDestination(
  address: string,
  signal: AbortSignal,
): Promise<Destination> {
  const channel = await connectSocket(address, { signal });
  // QEMU makes a second client wait until the first disconnects.
  const qmp = await QmpClient.open(channel, {
    signal,
    timeout: GREETING_TIMEOUT,
  });
  const directory = makeTemporaryFolder();
  // A closed monitor does not mean that the guest has ended.
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
