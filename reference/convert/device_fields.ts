/**
 * The few fields of device state that converters need, located by the vmdesc.
 *
 * @module
 */

import { UnsupportedError } from "../../format/rules/mod.ts";
import type { DeviceState } from "../../format/snapshot/mod.ts";
import type { Section, StreamItem } from "../../format/stream/mod.ts";
import { JsonObject } from "../../format/vmdesc/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import type { MemoryImage } from "./memory_image.ts";

/** Maximum bytes of one device's state that are read. */
const STATE_MAX = 0x1000000;
/** Maximum bytes of the states of all devices that are read at once. */
const STATES_MAX = 0x4000000;

/** The state of one device, field by field. */
export class DeviceFields {
  /** Instance of the device among those with the same name. */
  readonly instanceId: number;
  readonly #bytes: Uint8Array;
  readonly #fields: ReadonlyMap<string, { offset: number; length: number }>;

  /** Reads fields of `bytes`, as described by a device of the vmdesc. */
  constructor(instanceId: number, bytes: Uint8Array, description: unknown) {
    this.instanceId = instanceId;
    this.#bytes = bytes;
    this.#fields = placeFields(description);
  }

  /** Returns the bytes of a field; undefined if it is missing or cut off. */
  bytes(name: string): Uint8Array | undefined {
    const field = this.#fields.get(name);
    if (field === undefined) return undefined;
    const { offset, length } = field;
    const bytes = this.#bytes.subarray(offset, offset + length);
    return bytes.length === length ? bytes : undefined;
  }

  /**
   * Returns a field as a big-endian number; of an array, the element at
   * `index`.
   */
  number(name: string, size: 4 | 8, index = 0): bigint | undefined {
    const bytes = this.bytes(name);
    if (bytes === undefined || bytes.length < (index + 1) * size) {
      return undefined;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return size === 4
      ? BigInt(view.getUint32(4 * index))
      : view.getBigUint64(8 * index);
  }
}

/**
 * Reads the devices of an image whose idstr passes. Of several states of one
 * device the last counts, as in QEMU.
 *
 * @throws {UnsupportedError} if they have more than 64 MiB of state
 */
export async function readDevices(
  image: MemoryImage,
  matches: (idstr: string) => boolean,
  options?: ReadOptions,
): Promise<DeviceFields[]> {
  const { devices } = image;
  if (devices === undefined) return [];
  const state = await devices.state(options);
  const sections = new Map<
    string,
    StreamItem & { readonly section: Section }
  >();
  // Without an END of RAM, all sections come before it.
  for (const item of new Set([...devices.early, ...state.sections])) {
    if (item.kind !== "full" || !matches(item.section.idstr)) continue;
    const { idstr, instanceId } = item.section;
    sections.set(`${instanceId} ${idstr}`, item);
  }
  const found: DeviceFields[] = [];
  let total = 0;
  for (const item of sections.values()) {
    const { idstr, instanceId } = item.section;
    const description = describes(state, idstr, instanceId);
    const body = bodyOf(item);
    if (description === undefined || body.length > STATE_MAX) continue;
    total += body.length;
    if (total > STATES_MAX) throw tooMuch(devices.source.name, item, total);
    const bytes = new Uint8Array(body.length);
    await devices.source.readInto(bytes, body.offset, options);
    found.push(new DeviceFields(instanceId, bytes, description));
  }
  return found;
}

function tooMuch(
  name: string,
  { range, section }: StreamItem & { readonly section: Section },
  total: number,
): UnsupportedError {
  const what = `devices such as ${JSON.stringify(section.idstr)}`;
  return new UnsupportedError(name, {
    rule: "section-known",
    feature: `more than ${STATES_MAX} bytes of state of ${what}`,
    offset: range.offset,
    found: `${total} bytes of state of ${what}`,
    expected: `at most ${STATES_MAX}`,
  });
}

/**
 * Returns where the body of a FULL section is: after its head, before its
 * footer.
 */
function bodyOf(
  { range, section }: StreamItem & { readonly section: Section },
): { readonly offset: number; readonly length: number } {
  const head = 1 + 4 + 1 + section.idstr.length + 4 + 4;
  const footer = 1 + 4;
  return {
    offset: range.offset + head,
    length: range.length - head - footer,
  };
}

function describes(
  { vmdesc }: DeviceState,
  idstr: string,
  instanceId: number,
): unknown {
  return vmdesc?.devices.description(idstr, instanceId);
}

/** Locates each named field; those of structs also as `outer.inner`. */
function placeFields(
  description: unknown,
): Map<string, { offset: number; length: number }> {
  const places = new Map<string, { offset: number; length: number }>();
  place(description, "", 0, 0);
  return places;

  function place(
    state: unknown,
    prefix: string,
    start: number,
    depth: number,
  ): void {
    const { fields } = record(state);
    if (!Array.isArray(fields) || depth > 8) return;
    let offset = start;
    for (const field of fields as unknown[]) {
      const { name, size, array_len, struct } = record(field);
      const count = array_len === undefined ? 1 : array_len;
      if (!isLength(size) || !isLength(count)) return;
      const length = size * count;
      if (typeof name === "string") {
        const key = prefix + name;
        if (!places.has(key)) places.set(key, { offset, length });
        if (struct !== undefined && count === 1) {
          place(struct, `${key}.`, offset, depth + 1);
        }
      }
      offset += length;
    }
  }
}

function record(value: unknown): Record<string, unknown> {
  return value instanceof JsonObject ? Object.fromEntries(value.members) : {};
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}
