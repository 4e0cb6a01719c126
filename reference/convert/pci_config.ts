import type { DeviceFields } from "./device_fields.ts";

/** Names of the configuration space in the state of a PCI device. */
const FIELDS = ["dev.config", "parent_obj.config"];

/**
 * Returns the configuration space of a PCI device; undefined if its state has
 * none.
 */
export function pciConfig(
  fields: DeviceFields | undefined,
): Uint8Array | undefined {
  return FIELDS.flatMap((it) => [`${it}[0]`, it])
    .map((it) => fields?.bytes(it)).find(Boolean);
}
