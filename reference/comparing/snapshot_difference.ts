import type { DeviceField, FieldValue } from "../../format/vmdesc/mod.ts";

/** A property of the machine, or of a RAMBlock. */
export type ConfigurationProperty =
  | "machine"
  | "capabilities"
  | "targetPageBits"
  | "uuid"
  | "block"
  | "usedLength"
  | "pageSize"
  | "ignored"
  | "addresses";

/** The value of a property; undefined if there is none. */
export type ConfigurationValue = string | number | boolean | undefined;

/** The configuration of the machine or of a RAMBlock differs. */
export interface ConfigurationDifference {
  /** Which difference it is. */
  readonly kind: "configuration";
  /** The RAMBlock; undefined: the machine. */
  readonly idstr: string | undefined;
  /** What differs: `block` if only one has the RAMBlock. */
  readonly property: ConfigurationProperty;
  /** The value in the first; of a block that one has, its size in bytes. */
  readonly a: ConfigurationValue;
  /** The value in the second. */
  readonly b: ConfigurationValue;
}

/** How memory differs. */
export type PageChange = "appeared" | "vanished" | "changed";

/** A run of pages differs, all of them in one way. */
export interface PagesDifference {
  /** Which difference it is. */
  readonly kind: "pages";
  /** The RAMBlock. */
  readonly idstr: string;
  /**
   * `appeared`: zero in the first snapshot and not in the second; `vanished`: the
   * other way round; `changed`: not zero in either.
   */
  readonly change: PageChange;
  /** The first page. */
  readonly first: number;
  /** The page after the last. */
  readonly end: number;
  /** Where the run starts in the RAMBlock. */
  readonly offset: number;
  /** Its bytes. */
  readonly length: number;
  /** Guest-physical address of its first byte in the second, if it is known. */
  readonly address: number | undefined;
}

/** The state of a device differs in a field. */
export interface FieldDifference extends Pick<DeviceField, "type"> {
  /** Which difference it is. */
  readonly kind: "field";
  /** The section. */
  readonly idstr: string;
  /** Distinguishes sections of the same idstr. */
  readonly instanceId: number;
  /** The field in it: `regs[3]`; fields of structures follow a slash. */
  readonly field: string;
  /** The value in the first; undefined if only the second has the field. */
  readonly a: FieldValue | undefined;
  /** The value in the second; undefined if only the first has the field. */
  readonly b: FieldValue | undefined;
}

/** A section of device state is in one snapshot, or differs as a whole. */
export interface SectionDifference {
  /** Which difference it is. */
  readonly kind: "section";
  /** The section. */
  readonly idstr: string;
  /** Distinguishes sections of the same idstr. */
  readonly instanceId: number;
  /** Its bytes in the first; undefined if that does not have it. */
  readonly a: number | undefined;
  /** Its bytes in the second; undefined if that does not have it. */
  readonly b: number | undefined;
  /** Position of the first byte that differs, if both have it. */
  readonly offset: number | undefined;
}

/** Something in which two snapshots differ. */
export type SnapshotDifference =
  | ConfigurationDifference
  | PagesDifference
  | FieldDifference
  | SectionDifference;
