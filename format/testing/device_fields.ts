import assert from "node:assert/strict";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { DeviceStruct, FieldValue } from "../vmdesc/device_fields.ts";
import { decodeDevice } from "../vmdesc/vmdesc_fields.ts";
import { JsonObject, parseJson } from "../vmdesc/vmdesc_json.ts";

/** Decodes a device with these fields, given as JSON. */
export function decode(
  fields: string,
  state: ByteWriter,
  subsections = "[]",
): DeviceStruct | undefined {
  const text = `{"name":"dev","instance_id":0,"vmsd_name":"dev","version":3,` +
    `"fields":${fields},"subsections":${subsections}}`;
  const description = parseJson(text);
  assert(description instanceof JsonObject);
  return decodeDevice(description, state.finish());
}

/** Returns the values by name. */
export function values(
  struct: DeviceStruct | undefined,
): Record<string, FieldValue> {
  assert(struct !== undefined, "the state does not fit its description");
  return Object.fromEntries(struct.fields.map((it) => [it.name, it.value]));
}

/** Describes a field that is not a structure. */
export const scalar = (name: string, type: string, size: number, more = "") =>
  `{"name":"${name}","type":"${type}","size":${size}${more}}`;
