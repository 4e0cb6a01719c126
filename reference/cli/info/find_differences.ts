import {
  compareMachines,
  describeQemu,
  type MachineDescription,
  type MachineDifference,
} from "../../machines/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";
import { correctedArguments } from "./corrected_arguments.ts";

/** Maximum corrections in a row: a machine type, and what depends on it. */
const ROUNDS = 3;

/** The result of a comparison. */
export interface FoundDifferences {
  /** All differences, first those that an option of QEMU removes. */
  readonly differences: readonly MachineDifference[];
  /** The QEMU with those options corrected, if its arguments are known. */
  readonly corrected: QemuCommand | undefined;
}

/**
 * Compares a snapshot with a QEMU. Differences that a wrong machine type hides
 * are found by querying a QEMU with the right one, and so on.
 *
 * @throws {SourceError} if the QEMU cannot be queried
 */
export async function findDifferences(
  needed: MachineDescription,
  qemu: MachineDescription,
  { command, signal }: {
    /** The command that starts that QEMU; undefined if it is running. */
    readonly command: QemuCommand | undefined;
    readonly signal: AbortSignal;
  },
): Promise<FoundDifferences> {
  let found = compareMachines(needed, qemu);
  if (command === undefined) {
    return { differences: found, corrected: undefined };
  }
  const { program } = command;
  let args = command.args;
  const ended: MachineDifference[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const byOption = found.filter((it) => it.option !== undefined);
    if (byOption.length === 0) break;
    args = correctedArguments(args, byOption);
    try {
      const other = await describeQemu(args, { program, signal });
      found = compareMachines(needed, other);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceError)) throw error;
      // That machine does not accept the other arguments: stop here.
      break;
    }
    ended.push(...byOption);
  }
  const remaining = new Set(found.map((it) => it.subject));
  return {
    differences: [
      ...ended.filter((it) => !remaining.has(it.subject)),
      ...found,
    ],
    corrected: { program, args },
  };
}
