import { deviceArgument, parseDevicePath, showPath } from "./device_path.ts";
import type { MachineDescription } from "./machine_description.ts";
import { extraDevice, type MachineDifference } from "./machine_difference.ts";

/** Length of `0000:00:03.0`. */
const ROOT_PATH_LENGTH = 12;

/** Yields the differences between devices with an address on a bus. */
export function* compareBuses(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  const needed = devicesByPath(snapshot);
  const found = devicesByPath(qemu);
  const extra = new Map([...found].filter(([path]) => !needed.has(path)));
  for (const [path, labels] of needed) {
    const there = found.get(path);
    const missing = missingAt(path, labels, there, qemu);
    if (missing.length === 0) continue;
    const elsewhere = there !== undefined ? undefined : [...extra].find(
      ([, others]) =>
        others.length > 0 && labels.every((it) => others.includes(it)),
    )?.[0];
    if (elsewhere !== undefined) extra.delete(elsewhere);
    const argument = deviceArgument(path, labels);
    yield {
      kind: "refused",
      subject: `device ${showPath(path)} ${nameOf(missing)}`,
      text: elsewhere !== undefined
        ? `at ${showPath(elsewhere)} in ${qemu.name}`
        : there === undefined
        ? `not in ${qemu.name}`
        : there.length === 0
        ? `another device in ${qemu.name}`
        : `${nameOf(there)} in ${qemu.name}`,
      remedy: elsewhere !== undefined
        ? `place it with ${argument}`
        : there === undefined
        ? `add ${argument}`
        : `replace it with ${argument}`,
    };
  }
  for (const [path, labels] of extra) {
    yield extraDevice(`${showPath(path)} ${nameOf(labels)}`.trim());
  }
}

/** Returns the name of a device; that of its ROM only if there is no other. */
function nameOf(labels: readonly string[]): string {
  const names = labels.filter((it) => !it.endsWith(".rom"));
  return (names.length > 0 ? names : labels).join(", ");
}

/** Returns the sections and RAMBlocks at each address of a bus. */
function devicesByPath(machine: MachineDescription): Map<string, string[]> {
  const devices = new Map<string, string[]>();
  for (const path of machine.pciDevices ?? []) devices.set(path, []);
  for (const { idstr } of [...machine.sections ?? [], ...machine.blocks]) {
    const parsed = parseDevicePath(idstr);
    if (parsed === undefined) continue;
    const labels = devices.get(parsed.path) ?? [];
    devices.set(parsed.path, [...new Set([...labels, parsed.label])]);
  }
  return devices;
}

/**
 * Returns the labels missing at `path`, of those that QEMU would have listed.
 */
function missingAt(
  path: string,
  labels: readonly string[],
  there: readonly string[] | undefined,
  { sections }: MachineDescription,
): readonly string[] {
  const missing = labels.filter((it) => !there?.includes(it));
  if (sections !== undefined) return missing;
  // QMP lists RAMBlocks, and the devices on the root bus.
  const isOnRoot = path.length === ROOT_PATH_LENGTH;
  return there === undefined && isOnRoot
    ? missing
    : missing.filter((it) => /\.v?r[ao]m$/.test(it));
}
