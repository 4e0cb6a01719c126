import type { ByteRange } from "../../format/bytes/mod.ts";
import type { DeviceState } from "../../format/snapshot/mod.ts";
import type { Section, StreamItem } from "../../format/stream/mod.ts";
import {
  decodeDevice,
  type DeviceStruct,
  type Vmdesc,
} from "../../format/vmdesc/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";

/** The state of one device of a snapshot. */
export interface DeviceRecord extends Section {
  /** Range of its section, from type byte to footer. */
  readonly range: ByteRange;
  /** Range of its state alone. */
  readonly stateRange: ByteRange;
  /**
   * Its fields; undefined if the vmdesc does not describe them or does not match
   * the bytes, or if the device has a section before this one.
   */
  readonly state: DeviceStruct | undefined;
  /** Why `state` is undefined. */
  readonly fault?: string;
}

/** A snapshot with device state: mapped-ram, or a sequential stream. */
export interface WithDevices {
  /** The source of the snapshot. */
  readonly source: ByteSource;
  /** Sections before the end of the RAM. */
  readonly index?: { readonly earlySections: readonly StreamItem[] };
  /** The same for a sequential stream. */
  readonly end?: { readonly earlySections: readonly StreamItem[] };
  /** Walks over the items after the RAM. */
  deviceState(options?: ReadOptions): Promise<DeviceState>;
}

/** Maximum bytes of a state that is decoded. */
const STATE_MAX = 0x4000000;
const FOOTER = 5;

/**
 * Yields the state of each device, field by field, as described by the file's
 * vmdesc: the same as QEMU's `scripts/analyze-migration.py` prints. Devices are
 * read one after the other.
 *
 * @throws {FormatError} if the device sections break a rule
 *
 * @example
 * ```ts
 * import { type Snapshot } from "../../mod.ts";
 * import { deviceStates } from "../doors/convert.ts";
 *
 * async function names(snapshot: Snapshot): Promise<string[]> {
 *   const names: string[] = [];
 *   for await (const device of deviceStates(snapshot)) {
 *     names.push(`${device.idstr}: ${device.state?.fields.length} fields`);
 *   }
 *   return names;
 * }
 * ```
 */
export async function* deviceStates(
  snapshot: WithDevices,
  options: ReadOptions = {},
): AsyncGenerator<DeviceRecord> {
  const { sections, vmdesc } = await snapshot.deviceState(options);
  const early = (snapshot.index ?? snapshot.end)?.earlySections ?? [];
  // Without an END of RAM, all sections come before it.
  const items = new Set([...early, ...sections]);
  const seen = new Set<string>();
  for (const item of items) {
    const device = await readDevice(snapshot, item, { vmdesc, seen, options });
    if (device !== undefined) yield device;
  }
}

async function readDevice(
  { source }: WithDevices,
  item: StreamItem,
  { vmdesc, seen, options }: {
    readonly vmdesc: Vmdesc | undefined;
    /** The devices so far, whose descriptions were used. */
    readonly seen: Set<string>;
    readonly options: ReadOptions;
  },
): Promise<DeviceRecord | undefined> {
  if (item.kind !== "full") return undefined;
  const { section, range } = item;
  const head = 1 + 4 + 1 + section.idstr.length + 4 + 4;
  const stateRange = {
    offset: range.offset + head,
    length: range.length - head - FOOTER,
  };
  const device = { ...section, range, stateRange, state: undefined };
  const key = `${section.instanceId} ${section.idstr}`;
  // Any number of sections could make one description take memory and time.
  if (seen.has(key)) {
    return { ...device, fault: "the device has a section before this one" };
  }
  seen.add(key);
  const description = vmdesc?.devices.description(
    section.idstr,
    section.instanceId,
  );
  if (description === undefined) {
    return { ...device, fault: "the vmdesc does not describe it" };
  }
  if (stateRange.length > STATE_MAX) {
    return { ...device, fault: `it has more than ${STATE_MAX} bytes` };
  }
  const bytes = new Uint8Array(stateRange.length);
  await source.readInto(bytes, stateRange.offset, options);
  const state = decodeDevice(description, bytes);
  return state === undefined
    ? { ...device, fault: "its bytes do not match the vmdesc" }
    : { ...device, state };
}
