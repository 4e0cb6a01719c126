import { resolve } from "node:path";
import type { Snapshot } from "../../reading/mod.ts";
import { isWebUrl, withoutSecrets } from "../../sources/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";
import { programWords } from "../program/program_name.ts";

/** Exact commands that load a snapshot. */
export interface LoadCommands {
  /** QEMU with its arguments, if they are known. */
  readonly qemu?: readonly string[];
  /** The QMP commands, in order. */
  readonly qmp: readonly unknown[];
  /**
   * A command line of this project, if QEMU cannot read the snapshot itself.
   */
  readonly shell?: readonly string[];
}

const MONITOR = /^--?(qmp|qmp-pretty|mon)$/;
const SOCKET = "unix:qmp.sock,server=on,wait=off";

/**
 * Returns the commands that load a snapshot in the QEMU of these arguments.
 * They are printed and logged, so the secrets of a URL are left for the user to
 * insert.
 */
export function loadCommands(
  file: string,
  snapshot: Snapshot,
  command: QemuCommand | undefined,
): LoadCommands {
  if (isWebUrl(file)) {
    const qemu = command === undefined
      ? []
      : ["--", command.program, ...command.args];
    const shell = [...programWords(), "resume", file, ...qemu];
    return { qmp: [], shell: shell.map(withoutSecrets) };
  }
  const { capabilities, index } = snapshot;
  const qmp = incomingCommands(file, index.streamOffset, capabilities);
  if (command === undefined) return { qmp };
  const { program, args } = command;
  const qemu = [program, ...args, ...incomingOptions(args)];
  return { qemu: qemu.map(withoutSecrets), qmp };
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
      arguments: incomingArguments(resolve(file), offset),
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
