/**
 * What a field holds. Integers of 64 bits are a bigint, smaller ones a number;
 * a pointer that is NULL and a timer that is not set are null; what has no
 * description of its own is its bytes.
 */
export type FieldValue =
  | boolean
  | number
  | bigint
  | string
  | null
  | Uint8Array
  | DeviceStruct
  | readonly FieldValue[];

/** A field of a device's state. */
export interface DeviceField {
  /** Its name in QEMU's sources, with `[n]` where another has the same. */
  readonly name: string;
  /** QEMU's word for what it is. Of an array: that of its first element. */
  readonly type: string;
  /** Where its first element stands, from the start of the state. */
  readonly offset: number;
  /** Bytes of all its elements. */
  readonly size: number;
  /** What it holds; an array where the description has several of its name. */
  readonly value: FieldValue;
}

/** A structure: a device, a part of one, or a subsection. */
export interface DeviceStruct {
  /** Its name. */
  readonly name: string;
  /** Version of its description. */
  readonly version: number;
  /** Its fields, in order. */
  readonly fields: readonly DeviceField[];
  /** Its subsections, in order. */
  readonly subsections: readonly DeviceStruct[];
}
