import { findOptions, parseOptionValue } from "../qemu/mod.ts";

/** A RAMBlock of the guest's main memory, and its memory backend. */
export interface GuestMemory {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** The id of its memory backend, present or to be added. */
  readonly id: string;
  /** The `-object` that creates it, if the arguments have one. */
  readonly object: MemoryObject | undefined;
  /** Whether an argument must be added for the machine to use it. */
  readonly isNew: boolean;
}

/** An `-object memory-backend-…` among QEMU's arguments. */
export interface MemoryObject {
  /** Index of its value among the arguments. */
  readonly index: number;
  /** Its properties, including the id. */
  readonly properties: ReadonlyMap<string, string>;
}

/** Default names of RAM in QEMU's machines. */
const DEFAULT_IDSTR = /^(?:[\w.-]+\.)?ram$/;

/**
 * Returns the RAMBlocks that are main memory according to QEMU's arguments: the
 * machine's RAM, and the memory of NUMA nodes and DIMMs. Firmware, video memory
 * and memory shared with other programs are not.
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

/**
 * Returns the memory backend that the arguments give the machine; the last
 * wins.
 */
function findMachineBackend(args: readonly string[]): string | undefined {
  return findOptions(args, ["machine", "M"])
    .map(({ value }) => parseOptionValue(value, "type").get("memory-backend"))
    .findLast((it) => it !== undefined);
}

/**
 * Returns the memory backends used by options of these names, if their first
 * word matches `kind`.
 */
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
