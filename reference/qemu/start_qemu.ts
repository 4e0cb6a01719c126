import { makeTemporaryFolder, nodeFs } from "../local/mod.ts";
import { listenSocket } from "../sockets/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import { ChildProcess } from "./child_process.ts";
import { hasOption } from "./qemu_arguments.ts";
import { QmpClient } from "./qmp_client.ts";
import { RunningQemu } from "./running_qemu.ts";

/** How to start QEMU. */
export interface StartQemuOptions extends WaitOptions {
  /** QEMU's program. Default: `qemu-system-x86_64`. */
  readonly program?: string | undefined;
  /** Where it runs: relative paths in its arguments start here. */
  readonly directory?: string | undefined;
  /** Whether it waits for a `migrate-incoming`. Default: true. */
  readonly incoming?: boolean | undefined;
  /** Whether its standard input and output are ours. Default: `"ignore"`. */
  readonly stdio?: "ignore" | "inherit" | undefined;
  /**
   * Whether it has a session of its own: Ctrl-C at the terminal comes to us
   * alone. It can use that terminal all the same. Default: false.
   */
  readonly detached?: boolean | undefined;
  /** Is told what it prints on stderr. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

const TIMEOUT = 60_000;

/**
 * Starts a QEMU with these arguments and a monitor of ours added, and waits
 * until it answers there. Disposing of what this gives ends QEMU.
 *
 * The time (60 s, unless said otherwise) and the signal are for the start.
 *
 * @throws {RangeError} if the arguments leave no QEMU to follow
 * @throws {SourceError} if it does not start; it has what QEMU printed
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
    // It is QEMU that connects, so nobody has to try until it listens.
    const opening = listener.accept({ signal }).then((channel) =>
      QmpClient.open(channel, { signal, timeout: Infinity })
    );
    const qmp = await waitFor(child.whileRunning(opening), {
      signal,
      timeout,
      late: (timeout) =>
        new SourceError(
          program,
          `Cannot start ${JSON.stringify(program)}: no answer in ${timeout} ms`,
        ),
    });
    return new RunningQemu(child, qmp, directory);
  } catch (error) {
    await child?.end();
    nodeFs().rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * A monitor of ours beside the caller's. Told by `-qmp` or `-mon`, QEMU would
 * leave out the one that it has by itself, as on the terminal of `-nographic`.
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
