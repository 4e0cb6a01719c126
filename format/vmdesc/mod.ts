/**
 * The vmdesc: JSON that describes the fields of each device.
 *
 * @module
 */

export type { DeviceField, DeviceStruct, FieldValue } from "./device_fields.ts";
export {
  type AcceptVmdesc,
  findLastVmdesc,
  fullSectionLengths,
  type SectionLengths,
  type Vmdesc,
} from "./vmdesc.ts";
export { type ScannedDevice, VmdescDevices } from "./vmdesc_devices.ts";
export { decodeDevice } from "./vmdesc_fields.ts";
export { JsonObject, type JsonValue, parseJson } from "./vmdesc_json.ts";
