import {
  isObject,
  type QmpClient,
  type QmpObject,
  queryRAMBlocks,
  textOf,
} from "../qemu/mod.ts";
import type { WaitOptions } from "../work/mod.ts";
import type { MachineDescription } from "./machine_description.ts";

/** CPU features that are visible in a snapshot. */
const CPU_FEATURES = ["avx512f", "mpx", "pku", "pks", "xsaves"];
/** Suffix of machine type names. */
const MACHINE = "-machine";
const NO_UUID = "00000000-0000-0000-0000-000000000000";

/**
 * Returns what a running QEMU reports about its machine over QMP. Nothing in
 * QEMU is changed. QMP does not list the sections of devices; only devices with
 * a PCI address can be compared.
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
  /** Returns undefined if this machine or this QEMU has no answer. */
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
      "devices without a PCI address, and the state of devices: QMP does " +
      "not report them",
    ],
  };
}

/**
 * Returns addresses on the root bus, as in sections. Bridges are not followed.
 */
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

/** Whether QEMU refused the command, rather than disconnected. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return isObject(cause) && typeof cause.desc === "string";
}
