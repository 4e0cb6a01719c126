import type { Section } from "../../format/stream/mod.ts";
import { type DeviceRecord, deviceStates } from "../device_state/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { compareStructs } from "./compare_fields.ts";
import { comparePartSections } from "./compare_part_sections.ts";
import type { DescribedSnapshot } from "./described_snapshot.ts";
import { firstDifference } from "./first_difference.ts";
import type {
  FieldDifference,
  SectionDifference,
} from "./snapshot_difference.ts";

/** How the state of a device differs. */
export type DeviceDifference = FieldDifference | SectionDifference;

/** Yields how the state of devices differs, of all but RAM. */
export async function* compareDevices(
  a: DescribedSnapshot,
  b: DescribedSnapshot,
  options: ReadOptions,
): AsyncGenerator<DeviceDifference> {
  const others = new DevicesByName(deviceStates(b, options));
  const names = new DeviceNames();
  for await (const device of deviceStates(a, options)) {
    const other = await others.take(names.nameOf(device));
    if (other === undefined) yield onlyIn("a", device);
    else {yield* compareDevice({ snapshot: a, device }, {
        snapshot: b,
        device: other,
      }, options);}
  }
  for await (const device of others.rest()) yield onlyIn("b", device);
  yield* comparePartSections(a, b, options);
}

/** Names devices; those of one name get numbers. */
class DeviceNames {
  readonly #counts = new Map<string, number>();

  nameOf({ idstr, instanceId }: Section): string {
    const name = `${instanceId} ${idstr}`;
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count + 1);
    return `${count} ${name}`;
  }
}

/** Devices that are taken in nearly the order in which they are read. */
class DevicesByName {
  readonly #devices: AsyncGenerator<DeviceRecord>;
  readonly #names = new DeviceNames();
  /** Those before a device that was taken. */
  readonly #waiting = new Map<string, DeviceRecord>();

  constructor(devices: AsyncGenerator<DeviceRecord>) {
    this.#devices = devices;
  }

  async take(name: string): Promise<DeviceRecord | undefined> {
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) {
      this.#waiting.delete(name);
      return waiting;
    }
    for (;;) {
      const { done, value } = await this.#devices.next();
      if (done) return undefined;
      const found = this.#names.nameOf(value);
      if (found === name) return value;
      this.#waiting.set(found, value);
    }
  }

  /** Yields those that were not taken. */
  async *rest(): AsyncGenerator<DeviceRecord> {
    yield* this.#waiting.values();
    yield* this.#devices;
  }
}

function onlyIn(side: "a" | "b", device: DeviceRecord): SectionDifference {
  const { idstr, instanceId, stateRange: { length } } = device;
  const [a, b] = side === "a" ? [length, undefined] : [undefined, length];
  return { kind: "section", idstr, instanceId, a, b, offset: undefined };
}

/** A device of a snapshot. */
interface PlacedDevice {
  readonly snapshot: DescribedSnapshot;
  readonly device: DeviceRecord;
}

async function* compareDevice(
  a: PlacedDevice,
  b: PlacedDevice,
  options: ReadOptions,
): AsyncGenerator<DeviceDifference> {
  const { idstr, instanceId } = a.device;
  const section = { idstr, instanceId };
  const [versionA, versionB] = [a, b].map((it) => it.device.versionId);
  if (versionA !== versionB) {
    const field = { field: "version_id", type: "version" };
    yield { kind: "field", ...section, ...field, a: versionA, b: versionB };
  }
  const [stateA, stateB] = [a, b].map((it) => it.device.state);
  if (stateA !== undefined && stateB !== undefined) {
    for (const it of compareStructs(stateA, stateB)) {
      yield { kind: "field", ...section, ...it };
    }
    return;
  }
  const [rangeA, rangeB] = [a, b].map(({ snapshot, device }) => ({
    source: snapshot.source,
    ...device.stateRange,
  }));
  const offset = await firstDifference(rangeA, rangeB, options);
  if (offset === undefined) return;
  const lengths = { a: rangeA.length, b: rangeB.length };
  yield { kind: "section", ...section, ...lengths, offset };
}
