import { compareBuses } from "./compare_buses.ts";
import { compareCpus, CPU_SECTIONS } from "./compare_cpus.ts";
import { compareState } from "./compare_state.ts";
import { parseDevicePath } from "./device_path.ts";
import { type MachineDescription, sectionKey } from "./machine_description.ts";
import { extraDevice, type MachineDifference } from "./machine_difference.ts";

/** How to add a device that has no address on a bus. */
const REMEDIES: Readonly<Record<string, string>> = {
  "fdc": "leave out -nodefaults, or add -device isa-fdc",
  "hpet": "start it with -machine hpet=on",
  "i8254": "start it with -machine pit=on",
  "kvmclock": "start it with -accel kvm",
  "parallel_isa": "add -parallel null",
  "serial": "add -serial null",
  "slirp": "add -netdev user,id=NAME, or leave out -nodefaults",
  "vmmouse": "start it with -machine vmport=on",
};

/** Yields the differences between devices and between CPUs. */
export function* compareDevices(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  yield* compareCpus(snapshot, qemu);
  yield* compareBuses(snapshot, qemu);
  if (snapshot.sections === undefined || qemu.sections === undefined) return;
  const found = new Map(qemu.sections.map((it) => [sectionKey(it), it]));
  const missing = new Set<string>();
  for (const section of snapshot.sections) {
    const other = found.get(sectionKey(section));
    if (other !== undefined) {
      yield* compareState(section, other, qemu);
    } else if (!CPU_SECTIONS.has(section.idstr)) missing.add(section.idstr);
  }
  for (const idstr of missing) {
    // A bus is reported with its bridge.
    if (parseDevicePath(idstr) !== undefined || idstr === "PCIBUS") continue;
    yield {
      kind: "refused",
      subject: `device ${idstr}`,
      text: `not in ${qemu.name}, or fewer of them`,
      remedy: Object.hasOwn(REMEDIES, idstr) ? REMEDIES[idstr] : "add it",
    };
  }
  const needed = new Set(snapshot.sections.map(sectionKey));
  const extra = new Set(
    qemu.sections.flatMap((it) => {
      const isOther = needed.has(sectionKey(it)) ||
        CPU_SECTIONS.has(it.idstr) ||
        parseDevicePath(it.idstr) !== undefined;
      return isOther ? [] : [it.idstr];
    }),
  );
  for (const idstr of extra) {
    yield extraDevice(idstr);
  }
}
