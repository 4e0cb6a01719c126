import { nodeFs } from "../local/mod.ts";
import { makeTemporaryFolder } from "../scratch/mod.ts";
import { listenSocket } from "../sockets/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import { ChildProcess } from "./child_process.ts";
import { hasOption } from "./qemu_arguments.ts";
import { NoAnswerError } from "./qemu_errors.ts";
import { QmpClient } from "./qmp_client.ts";
import { RunningQemu } from "./running_qemu.ts";

/** Options of starting QEMU. */
export interface StartQemuOptions extends WaitOptions {
  /** QEMU's program. Default: `qemu-system-x86_64`. */
  readonly program?: string | undefined;
  /** Working directory: relative paths in the arguments start here. */
  readonly directory?: string | undefined;
  /** Whether QEMU waits for a `migrate-incoming`. Default: true. */
  readonly incoming?: boolean | undefined;
  /** Whether QEMU inherits standard input and output. Default: `"ignore"`. */
  readonly stdio?: "ignore" | "inherit" | undefined;
  /**
   * Whether QEMU has a session of its own, so that Ctrl-C at the terminal
   * reaches only this process. QEMU can still use the terminal. Default: false.
   */
  readonly detached?: boolean | undefined;
  /** Called with what QEMU prints on stderr. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

const TIMEOUT = 60_000;

/**
 * Starts a QEMU with these arguments and an additional monitor, and waits until
 * it answers there. Disposing of the result ends QEMU.
 *
 * The timeout (default: 60 s) and the signal apply to the start.
 *
 * @throws {RangeError} if the arguments would detach QEMU from this process
 * @throws {SourceError} if it does not start; with what QEMU printed
 *
 * @example
 * ```ts
 * import { startQemu } from "../doors/qemu.ts";
 *
 * async function version(args: readonly string[]): Promise<string> {
 *   await using qemu = await startQemu(args, { incoming: false });
 *   return qemu.qmp.version;
 * }
 * ```
 */
export async function startQemu(
  args: readonly string[],
  options: StartQemuOptions = {},
): Promise<RunningQemu> {
  const { program = "qemu-system-x86_64", incoming = true } = options;
  const { signal, timeout = TIMEOUT } = options;
  for (const name of incoming ? ["daemonize", "incoming"] : ["daemonize"]) {
    if (!hasOption(args, name)) continue;
    throw new RangeError(
      `Cannot start ${JSON.stringify(program)} with -${name}: leave it out`,
    );
  }
  signal?.throwIfAborted();
  const directory = makeTemporaryFolder();
  let child: ChildProcess | undefined;
  try {
    const socket = `${directory}/qmp`;
    using listener = await listenSocket(`unix:${socket}`);
    const monitor = `${directory}/monitor.cfg`;
    nodeFs().writeFileSync(monitor, monitorConfig(socket));
    child = new ChildProcess(program, [
      ...args,
      ...incoming ? ["-incoming", "defer"] : [],
      ...["-readconfig", monitor],
    ], {
      directory: options.directory,
      stdio: options.stdio ?? "ignore",
      detached: options.detached,
      onStderr: options.onStderr,
    });
    // QEMU connects to this listener, so there is no need to poll until it
    // listens.
    const opening = listener.accept({ signal }).then((channel) =>
      QmpClient.open(channel, { signal, timeout: Infinity })
    );
    const qmp = await waitFor(child.whileRunning(opening), {
      signal,
      timeout,
      timeoutError: (timeout) =>
        new NoAnswerError(
          program,
          `Cannot start ${JSON.stringify(program)}: no answer in ${timeout} ms`,
        ),
    });
    return new RunningQemu(child, { qmp, directory });
  } catch (error) {
    await child?.end();
    nodeFs().rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Configures a monitor in addition to the caller's. With `-qmp` or `-mon`, QEMU
 * would drop its default monitor, such as that on the terminal with
 * `-nographic`.
 */
function monitorConfig(socket: string): string {
  return [
    '[chardev "mapped-ram-qmp"]',
    'backend = "socket"',
    `path = "${socket}"`,
    '[mon "mapped-ram-qmp"]',
    'chardev = "mapped-ram-qmp"',
    'mode = "control"\n',
  ].join("\n");
}
