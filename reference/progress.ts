/** How far long work has come. */
export interface Progress {
  /** The RAMBlock being worked on. */
  readonly idstr: string;
  /** Bytes of RAM done, of all blocks. */
  readonly done: number;
  /** Bytes of RAM in all. */
  readonly total: number;
}
