/** A part of a RAMBlock that the guest sees at a physical address. */
export interface GuestRange {
  /** Guest-physical address of its first byte. */
  readonly address: number;
  /** Number of bytes. */
  readonly length: number;
  /** The RAMBlock. */
  readonly idstr: string;
  /** Where the part starts in the block. */
  readonly offset: number;
}
