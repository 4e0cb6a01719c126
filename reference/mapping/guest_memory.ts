import { findOptions, parseOptionValue } from "../qemu/mod.ts";

/** A RAMBlock that is main memory of the guest, and what stands for it. */
export interface GuestMemory {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** The id of its memory backend, given or to be given. */
  readonly id: string;
  /** The `-object` that makes it, where the arguments have one. */
  readonly object: MemoryObject | undefined;
  /** Whether the machine has to be told to use it. */
  readonly isNew: boolean;
}

/** An `-object memory-backend-…` among QEMU's arguments. */
export interface MemoryObject {
  /** Where its value stands among the arguments. */
  readonly index: number;
  /** Its properties, id included. */
  readonly properties: ReadonlyMap<string, string>;
}

/** Names that QEMU's machines give to their RAM unless they are told others. */
const DEFAULT_IDSTR = /^(?:[\w.-]+\.)?ram$/;

/**
 * Which of the RAMBlocks are main memory, as QEMU's arguments have it: the
 * machine's own, the memory of NUMA nodes and DIMMs. The others (firmware, video
 * memory, memory shared with other programs) are not.
 */
export function findGuestMemory(
  idstrs: readonly string[],
  args: readonly string[],
): GuestMemory[] {
  const objects = findMemoryObjects(args);
  const machineId = findMachineBackend(args);
  const nodeIds = memdevs(args, ["numa"]);
  const ids = new Set([
    ...(machineId === undefined ? [] : [machineId]),
    ...nodeIds,
    ...memdevs(args, ["device"], /^pc-dimm$/),
  ]);
  const memory: GuestMemory[] = [];
  for (const id of ids) {
    const idstr = [id, `/objects/${id}`].find((it) => idstrs.includes(it));
    if (idstr === undefined) continue;
    memory.push({ idstr, id, object: objects.get(id), isNew: false });
  }
  if (machineId === undefined && nodeIds.length === 0) {
    const id = idstrs.find((it) => DEFAULT_IDSTR.test(it));
    if (id !== undefined) {
      memory.push({ idstr: id, id, object: objects.get(id), isNew: true });
    }
  }
  return memory;
}

function findMemoryObjects(args: readonly string[]): Map<string, MemoryObject> {
  const objects = new Map<string, MemoryObject>();
  for (const { value, index } of findOptions(args, ["object"])) {
    const properties = parseOptionValue(value, "qom-type");
    const id = properties.get("id");
    if (id === undefined) continue;
    if (!properties.get("qom-type")?.startsWith("memory-backend-")) continue;
    objects.set(id, { index, properties });
  }
  return objects;
}

/** The memory backend that the arguments give to the machine: the last wins. */
function findMachineBackend(args: readonly string[]): string | undefined {
  return findOptions(args, ["machine", "M"])
    .map(({ value }) => parseOptionValue(value, "type").get("memory-backend"))
    .findLast((it) => it !== undefined);
}

/** The memory backends that options of that name use, of those first words. */
function memdevs(
  args: readonly string[],
  names: readonly string[],
  kind = /^/,
): string[] {
  return findOptions(args, names).flatMap(({ value }) => {
    const properties = parseOptionValue(value, "driver");
    const memdev = properties.get("memdev");
    const fits = kind.test(properties.get("driver") ?? "");
    return memdev !== undefined && fits ? [memdev] : [];
  });
}
