import { type MachineDescription, sectionKey } from "./machine_description.ts";
import { inBoth, type MachineDifference } from "./machine_difference.ts";

/** Sections that exist once per CPU. */
export const CPU_SECTIONS: ReadonlySet<string> = new Set([
  "cpu_common",
  "cpu",
  "apic",
  "kvm_apic",
]);

/** Yields the differences in the number of CPUs and in their ids. */
export function* compareCpus(
  snapshot: MachineDescription,
  qemu: MachineDescription,
): Generator<MachineDifference> {
  const [needed, found] = [snapshot.cpuCount, qemu.cpuCount];
  if (needed === undefined || found === undefined) return;
  if (needed !== found) {
    yield {
      kind: needed > found ? "refused" : "wrong",
      subject: "CPUs",
      text: inBoth(needed, found, qemu),
      remedy: `start it with -smp ${needed}`,
      option: { name: "smp", value: String(needed) },
    };
    return;
  }
  const ids = ({ sections }: MachineDescription) =>
    (sections ?? []).filter(({ idstr }) => CPU_SECTIONS.has(idstr))
      .map(sectionKey).sort().join();
  if (snapshot.sections === undefined || qemu.sections === undefined) return;
  if (ids(snapshot) === ids(qemu)) return;
  yield {
    kind: "refused",
    subject: "CPUs",
    text: `the same number in ${qemu.name}, but with other ids`,
    remedy: "start it with the same sockets, cores and threads in -smp",
  };
}
