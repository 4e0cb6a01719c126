import type { OpenOptions, Snapshot } from "../../reading/mod.ts";
import { physicalPath } from "../../sinks/mod.ts";
import { isWebUrl, withoutSecrets } from "../../sources/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";
import { isRamOnly } from "../input/is_ram_only.ts";
import { openWords } from "../input/snapshot_options.ts";
import { type InputPlace, placeWords } from "../input/place_options.ts";
import { programWords } from "../program/program_name.ts";

/** Exact commands that load a snapshot. */
export interface LoadCommands {
  /** QEMU with its arguments, if they are known. */
  readonly qemu?: readonly string[];
  /** The QMP commands, in order. */
  readonly qmp: readonly unknown[];
  /**
   * The command line of this project that runs the guest without loading it;
   * undefined if the snapshot holds RAM only.
   */
  readonly shell?: readonly string[] | undefined;
}

const MONITOR = /^--?(qmp|qmp-pretty|mon)$/;
const SOCKET = "unix:qmp.sock,server=on,wait=off";

/** Where a snapshot is to be loaded. */
interface LoadTarget {
  /** The options with which the snapshot was opened. */
  readonly open: OpenOptions;
  /** Where the snapshot is. */
  readonly place: InputPlace;
  /** Whether it is in a qcow2 image. */
  readonly isPacked: boolean;
  /** A QEMU to start, or the address of a running one. */
  readonly qemu: QemuCommand | string;
  readonly signal: AbortSignal;
}

/**
 * Returns the commands that load a snapshot. They are printed and logged, so
 * the secrets of a URL are left for the user to insert.
 */
export async function loadCommands(
  snapshot: Snapshot,
  { open, place, isPacked, qemu: target, signal }: LoadTarget,
): Promise<LoadCommands> {
  const isRunning = typeof target === "string";
  const shell = await isRamOnly(snapshot, signal) ? undefined : [
    ...[...programWords(), "resume", ...placeWords(place)],
    ...openWords(open),
    ...isRunning ? ["--qmp", target] : ["--", target.program, ...target.args],
  ].map(withoutSecrets);
  const { file, verity } = place;
  // A QEMU that loads the file itself reads paths, unpacks and checks nothing.
  if (isWebUrl(file) || isPacked || verity !== undefined) {
    return { qmp: [], shell };
  }
  const { capabilities, index } = snapshot;
  const qmp = incomingCommands(file, index.streamOffset, capabilities);
  if (isRunning) return { qmp, shell };
  const { program, args } = target;
  const qemu = [program, ...args, ...incomingOptions(args)];
  return { qemu: qemu.map(withoutSecrets), qmp, shell };
}

/** Returns the options that QEMU needs besides `args` to wait for commands. */
export function incomingOptions(args: readonly string[]): string[] {
  const monitor = args.some((it) => MONITOR.test(it)) ? [] : ["-qmp", SOCKET];
  return [...monitor, "-incoming", "defer"];
}

/** Returns the QMP commands that load a file. */
export function incomingCommands(
  file: string,
  offset: number,
  capabilities: readonly string[],
): unknown[] {
  return [
    { execute: "qmp_capabilities" },
    {
      execute: "migrate-set-capabilities",
      arguments: {
        capabilities: capabilities.map((capability) => ({
          capability,
          state: true,
        })),
      },
    },
    {
      execute: "migrate-incoming",
      arguments: incomingArguments(physicalPath(file), offset),
    },
  ];
}

/** A URI, or QMP's longer form if QEMU would parse part of it as an offset. */
function incomingArguments(
  filename: string,
  offset: number,
): Readonly<Record<string, unknown>> {
  if (filename.includes(",offset=")) {
    const addr = { transport: "file", filename, offset };
    return { channels: [{ "channel-type": "main", addr }] };
  }
  const suffix = offset === 0 ? "" : `,offset=0x${offset.toString(16)}`;
  return { uri: `file:${filename}${suffix}` };
}
