import { CAPABILITY_IGNORE_SHARED } from "../../format/stream/mod.ts";
import { compareDevices } from "./compare_devices.ts";
import { compareRAMBlocks } from "./compare_ram_blocks.ts";
import type { MachineDescription } from "./machine_description.ts";
import {
  inBoth,
  isSameFamily,
  type MachineDifference,
} from "./machine_difference.ts";

/** The first QEMU release that loads snapshots saved with x-ignore-shared. */
const IGNORE_SHARED_SINCE = 11;

/**
 * Returns how a QEMU differs from the machine that a snapshot needs. The
 * snapshot loads if no difference is `refused` or `wrong`, as far as can be
 * predicted: only QEMU itself can check the contents of device state.
 *
 * @example
 * ```ts
 * import {
 *   compareMachines,
 *   describeQemu,
 *   describeSnapshot,
 * } from "../doors/qemu.ts";
 * import type { Snapshot } from "../../mod.ts";
 *
 * async function willLoad(snapshot: Snapshot, args: string[]): Promise<boolean> {
 *   const needed = await describeSnapshot(snapshot);
 *   const differences = compareMachines(needed, await describeQemu(args));
 *   return differences.every(({ kind }) => kind === "note");
 * }
 * ```
 */
export function compareMachines(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): MachineDifference[] {
  const differences = [
    ...compareRunState(qemu),
    ...compareCapabilities(snapshot, qemu),
    ...compareType(snapshot, qemu),
    ...comparePageSize(snapshot, qemu),
    ...compareUuid(snapshot, qemu),
    ...compareRAMBlocks(snapshot, qemu),
  ];
  // Without device state, every device would be reported as extra.
  if (snapshot.sections?.length === 0) return [...differences, RAM_ONLY];
  if (!isSameFamily(snapshot.machine, qemu.machine)) return differences;
  return [
    ...differences,
    ...compareCpuFeatures(snapshot, qemu),
    ...compareDevices(snapshot, qemu),
  ];
}

const RAM_ONLY: MachineDifference = {
  kind: "wrong",
  subject: "device state",
  text: "the snapshot holds RAM only, no CPU or device: no guest can continue",
  remedy: "save it with the devices of a snapshot that QEMU saved",
};

function* compareRunState(
  { name, runState }: MachineDescription,
): Generator<MachineDifference> {
  if (runState === undefined || runState === "inmigrate") return;
  yield {
    kind: "refused",
    subject: "state",
    text: `${name} is not waiting for a snapshot: its state is "${runState}"`,
    remedy: "start it with -incoming defer",
  };
}

function* compareCapabilities(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  for (const capability of snapshot.capabilities) {
    const isBroken = capability === CAPABILITY_IGNORE_SHARED &&
      parseInt(qemu.version ?? "") < IGNORE_SHARED_SINCE;
    if (qemu.capabilities.includes(capability) && !isBroken) continue;
    yield {
      kind: "refused",
      subject: `capability ${capability}`,
      text: `${qemu.name} ${
        isBroken ? "loads no file with it" : "does not have it"
      }`,
      remedy: `use QEMU ${isBroken ? IGNORE_SHARED_SINCE : 9}.0 or later`,
    };
  }
}

function* compareType(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  const { machine } = snapshot;
  // QEMU compares only as many characters as the name in the snapshot has.
  if (qemu.machine.startsWith(machine)) return;
  const exists = qemu.machines?.some((it) => it.startsWith(machine)) ?? true;
  const since = /-(\d+\.\d+)$/.exec(machine)?.[1];
  yield {
    kind: "refused",
    subject: "machine",
    text: inBoth(machine, qemu.machine, qemu),
    remedy: exists
      ? `start it with -machine ${machine}`
      : `${qemu.name} has no such machine: use ` +
        (since === undefined
          ? "the QEMU that saved it"
          : `a QEMU that has it, ${since} or later`),
    ...exists && { option: { name: "machine", value: machine } },
  };
}

function* comparePageSize(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  if (snapshot.pageSize === undefined || qemu.pageSize === undefined) return;
  if (snapshot.pageSize === qemu.pageSize) return;
  yield {
    kind: "refused",
    subject: "page size",
    text: inBoth(`${snapshot.pageSize} bytes`, qemu.pageSize, qemu),
    remedy: "use the QEMU program for the snapshot's architecture",
  };
}

function* compareUuid(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  const { uuid } = snapshot;
  if (uuid === undefined || uuid === qemu.uuid) return;
  yield {
    kind: qemu.uuid === undefined ? "note" : "refused",
    subject: "UUID",
    text: inBoth(uuid, qemu.uuid ?? "none", qemu),
    remedy: `start it with -uuid ${uuid}`,
    option: { name: "uuid", value: uuid },
  };
}

function* compareCpuFeatures(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  for (const [feature, isUsed] of Object.entries(snapshot.cpuFeatures)) {
    if (!isUsed || (qemu.cpuFeatures[feature] ?? true)) continue;
    yield {
      kind: "wrong",
      subject: `CPU feature ${feature}`,
      text: `used in the snapshot, off in ${qemu.name}`,
      remedy: "start it with the -cpu that the snapshot was saved with",
    };
  }
}
