/**
 * The value of a field. Integers of 64 bits are a bigint, smaller ones a
 * number; a NULL pointer and a timer that is not set are null; a field without
 * a description of its contents is its bytes.
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
  /** Its name in QEMU's sources, with `[n]` if another has the same name. */
  readonly name: string;
  /** QEMU's name of its type. For an array, that of its first element. */
  readonly type: string;
  /** Position of its first element, from the start of the state. */
  readonly offset: number;
  /** Size of all its elements in bytes. */
  readonly size: number;
  /** Its value; an array if the description has several fields of its name. */
  readonly value: FieldValue;
}

/** A structure: a device, part of one, or a subsection. */
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
