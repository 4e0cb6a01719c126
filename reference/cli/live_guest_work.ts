/** What the guest is given. */
export interface LiveGuestWork {
  readonly memory: Uint8Array<SharedArrayBuffer>;
  readonly dirty: Int32Array;
  /** See {@linkcode GUEST}. */
  readonly control: Int32Array;
  readonly pageSize: number;
  /** Bytes of RAM a second, in whole pages, that it writes to. */
  readonly rate: number;
}

/** Places in the guest's `control`. */
export const GUEST = { stop: 0, stopped: 1, writes: 2, length: 3 } as const;
