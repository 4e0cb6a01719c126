import {
  isObject,
  type QmpClient,
  type QmpObject,
  queryRAMBlocks,
  textOf,
} from "../qemu/mod.ts";
import type { WaitOptions } from "../work/mod.ts";
import type { MachineDescription } from "./machine_description.ts";

/** Features of a CPU that a snapshot can tell of. */
const CPU_FEATURES = ["avx512f", "mpx", "pku", "pks", "xsaves"];
/** How the types of machines end. */
const MACHINE = "-machine";
const NO_UUID = "00000000-0000-0000-0000-000000000000";

/**
 * What a running QEMU says of its machine by QMP alone. Nothing in it is
 * changed. It cannot be asked for the sections of its devices; of those, only
 * what has a PCI address can be compared.
 *
 * @throws {SourceError} if it does not answer
 *
 * @example
 * ```ts
 * import {
 *   describeRunningQemu,
 *   connectSocket,
 *   QmpClient,
 * } from "../doors/qemu.ts";
 *
 * async function machine(address: string): Promise<string> {
 *   using qmp = await QmpClient.open(await connectSocket(address));
 *   return (await describeRunningQemu(qmp)).machine;
 * }
 * ```
 */
export async function describeRunningQemu(
  qmp: QmpClient,
  options: WaitOptions = {},
): Promise<MachineDescription> {
  const ask = async (command: string, args?: QmpObject) =>
    await qmp.execute(command, args, options);
  /** Undefined where this machine or this QEMU has no answer. */
  const tryAsk = async (command: string, args?: QmpObject) => {
    try {
      return await ask(command, args);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isRefusal(error)) return undefined;
      throw error;
    }
  };
  const type = textOf(
    await ask("qom-get", { path: "/machine", property: "type" }),
  );
  const machines = objects(await tryAsk("query-machines"))
    .map((it) => textOf(it.name));
  const status = await ask("query-status");
  const uuid = await tryAsk("query-uuid");
  const cpus = objects(await tryAsk("query-cpus-fast"));
  const cpuFeatures: Record<string, boolean> = {};
  const path = cpus[0]?.["qom-path"];
  for (const property of path === undefined ? [] : CPU_FEATURES) {
    const value = await tryAsk("qom-get", { path, property });
    if (typeof value === "boolean") cpuFeatures[property] = value;
  }
  const pci = await tryAsk("query-pci");
  return {
    name: `QEMU ${qmp.version}`,
    version: qmp.version,
    runState: isObject(status) ? textOf(status.status) : undefined,
    machine: type.endsWith(MACHINE) ? type.slice(0, -MACHINE.length) : type,
    pageSize: undefined,
    uuid: isObject(uuid) && uuid.UUID !== NO_UUID
      ? textOf(uuid.UUID)
      : undefined,
    capabilities: objects(await ask("query-migrate-capabilities"))
      .map((it) => textOf(it.capability)),
    blocks: (await queryRAMBlocks(qmp, options))
      .map(({ idstr, usedLength }) => ({ idstr, usedLength })),
    sections: undefined,
    cpuCount: cpus.length === 0 ? undefined : cpus.length,
    cpuFeatures,
    pciDevices: pci === undefined ? undefined : rootPciDevices(pci),
    machines: machines.length === 0 ? undefined : machines,
    unknown: [
      "devices without a PCI address, and what devices have in their state: " +
      "QMP does not tell it",
    ],
  };
}

/** Addresses on the root bus, as sections have them. Bridges are not followed. */
function rootPciDevices(pci: unknown): string[] {
  return objects(pci).filter(({ bus }) => bus === 0).flatMap(({ devices }) =>
    objects(devices).map(({ slot, function: number }) =>
      `0000:00:${toHex(slot).padStart(2, "0")}.${textOf(number)}`
    )
  );
}

function toHex(value: unknown): string {
  return Number(textOf(value)).toString(16);
}

function objects(value: unknown): QmpObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Whether QEMU itself said no, rather than went away. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return isObject(cause) && typeof cause.desc === "string";
}
