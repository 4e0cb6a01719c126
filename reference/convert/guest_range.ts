/** A part of a RAMBlock that the guest sees at a physical address. */
export interface GuestRange {
  /** The guest-physical address of its first byte. */
  readonly address: number;
  /** How many bytes. */
  readonly length: number;
  /** The RAMBlock. */
  readonly idstr: string;
  /** Where in the block it starts. */
  readonly offset: number;
}
