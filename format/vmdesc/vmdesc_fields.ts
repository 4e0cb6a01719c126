/**
 * The state of a device, field by field, as the vmdesc describes it (SPEC 11.6).
 *
 * @module
 */

import type { DeviceField, DeviceStruct, FieldValue } from "./device_fields.ts";
import { FieldCursor } from "./vmdesc_cursor.ts";
import {
  type DescribedField,
  DescribedStruct,
  listOf,
  Mismatch,
} from "./vmdesc_description.ts";
import type { JsonObject } from "./vmdesc_json.ts";

/** A field whose elements are decoded one after the other. */
type GrowingField = { -readonly [Key in keyof DeviceField]: DeviceField[Key] };

/**
 * Maximum number of values decoded from one state, with structures and empty
 * arrays; further ones stay bytes.
 */
const VALUES_MAX = 0x200000;
const DEPTH_MAX = 32;
const SUBSECTION = 0x05;
const LIST_ENTRY = 1;
const LIST_END = 0;

/**
 * Decodes the state of a device by its description in the vmdesc. A part that
 * does not match its description is returned as bytes; if the state as a whole
 * does not match, the result is undefined.
 */
export function decodeDevice(
  description: JsonObject,
  state: Uint8Array,
): DeviceStruct | undefined {
  const cursor = new FieldCursor(state);
  const decoder = new FieldDecoder(cursor);
  try {
    const struct = decoder.struct(description, 0);
    return cursor.remaining === 0 ? struct : undefined;
  } catch (error) {
    if (error instanceof Mismatch || error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

class FieldDecoder {
  readonly #cursor: FieldCursor;
  readonly #structs = new Map<JsonObject, DescribedStruct>();
  #values = 0;

  constructor(cursor: FieldCursor) {
    this.#cursor = cursor;
  }

  struct(description: JsonObject, depth: number): DeviceStruct {
    if (depth > DEPTH_MAX) throw new Mismatch();
    const described = this.#described(description);
    const { name, version } = described;
    const fields = this.#fields(described, depth);
    const subsections = described.subsections
      .map((it) => this.#subsection(it, depth));
    return { name, version, fields, subsections };
  }

  #described(description: JsonObject): DescribedStruct {
    let struct = this.#structs.get(description);
    if (struct === undefined) {
      struct = new DescribedStruct(description);
      this.#structs.set(description, struct);
    }
    return struct;
  }

  #fields(described: DescribedStruct, depth: number): DeviceField[] {
    const fields: GrowingField[] = [];
    const lists: FieldValue[][] = [];
    for (const { field, slot: { index, isArray } } of described.fields) {
      const { name, type } = field;
      const offset = this.#cursor.position;
      const value = isArray
        ? lists[index] = this.#extend(lists[index] ?? [], field, { depth })
        : this.#element(field, depth);
      const size = this.#cursor.position - offset;
      const sameName = fields[index];
      if (sameName === undefined) {
        fields[index] = { name, type, offset, size, value };
      } else {
        sameName.size += size;
        sameName.value = value;
      }
    }
    return fields;
  }

  /** Extends a list by one element, or by those of one array. */
  #extend(
    values: FieldValue[],
    field: DescribedField,
    { depth }: { readonly depth: number },
  ): FieldValue[] {
    const { size, count, reader } = field;
    if (count === undefined) {
      values.push(this.#element(field, depth));
      return values;
    }
    // It takes memory, and may be repeated in each element of another array.
    if (size === 0 || count === 0) this.#values++;
    if (reader?.readMany && count < VALUES_MAX - this.#values) {
      const many = reader.readMany(this.#cursor, count);
      this.#values += count;
      if (values.length === 0) return many;
      for (const value of many) values.push(value);
      return values;
    }
    for (let index = 0; index < (size === 0 ? 0 : count); index++) {
      if (this.#values >= VALUES_MAX) {
        values.push(this.#cursor.bytes((count - index) * size));
        break;
      }
      values.push(this.#element(field, depth));
    }
    return values;
  }

  /**
   * Decodes one element, or returns its bytes if they do not match the
   * description.
   */
  #element(described: DescribedField, depth: number): FieldValue {
    const { size, reader, struct, type, groups } = described;
    if (++this.#values >= VALUES_MAX) return this.#cursor.bytes(size);
    if (reader !== undefined) return reader.read(this.#cursor);
    const { position } = this.#cursor;
    try {
      const value = this.#cursor.within(
        size,
        () =>
          struct === undefined
            ? this.#groups(type, groups, depth)
            : this.struct(struct, depth + 1),
      );
      if (value !== undefined) return value;
    } catch (error) {
      if (!(error instanceof Mismatch || error instanceof RangeError)) {
        throw error;
      }
    }
    this.#cursor.position = position;
    return this.#cursor.bytes(size);
  }

  /** Decodes the structures described by the members of a field itself. */
  #groups(
    type: string,
    groups: readonly JsonObject[],
    depth: number,
  ): FieldValue {
    const struct = (group: JsonObject) => this.#part(group, depth);
    if (!listOf(type)) {
      const structs = groups.map(struct);
      return structs.length === 1 ? structs[0] : structs;
    }
    const count = type === "gtree" ? this.#cursor.be32() : groups.length;
    const each = groups.length / count;
    if (each !== 1 && each !== 2) throw new Mismatch();
    const values: FieldValue[] = [];
    for (let index = 0; index < count; index++) {
      this.#expect(LIST_ENTRY);
      const entry: FieldValue[] = [];
      if (type === "gtree" && each === 1) entry.push(this.#cursor.be64());
      for (const group of groups.slice(index * each, (index + 1) * each)) {
        entry.push(struct(group));
      }
      values.push(type === "gtree" ? entry : entry[0] ?? null);
    }
    this.#expect(LIST_END);
    return values;
  }

  #subsection(description: JsonObject, depth: number): DeviceStruct {
    this.#expect(SUBSECTION);
    const name = this.#cursor.countedString();
    const version = this.#cursor.be32();
    if (name !== this.#described(description).name) throw new Mismatch();
    return { ...this.#part(description, depth), name, version };
  }

  /** Decodes a structure that is not an element of its own. */
  #part(description: JsonObject, depth: number): DeviceStruct {
    this.#values++;
    return this.struct(description, depth + 1);
  }

  #expect(byte: number): void {
    if (this.#cursor.u8() !== byte) throw new Mismatch();
  }
}
