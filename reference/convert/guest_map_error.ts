/** The guest-physical layout is not known, and is not guessed. */
export class GuestMapError extends RangeError {
  /** Name of the class, as in `Error.name`. */
  override readonly name = "GuestMapError";
  /**
   * The RAMBlocks whose addresses are not known; empty if it is about all of
   * them.
   */
  readonly idstrs: readonly string[];

  /** Creates an error for a file; `reason` is what is not known about it. */
  constructor(
    fileName: string,
    { reason, idstrs = [] }: {
      readonly reason: string;
      readonly idstrs?: readonly string[];
    },
  ) {
    super(
      `Cannot tell the guest-physical addresses of ${
        JSON.stringify(fileName)
      }: ${reason}, expected ` +
        (idstrs.length > 0
          ? "a range for each, or the option to leave it out"
          : "a machine whose layout is known, or the ranges"),
    );
    this.idstrs = idstrs;
  }
}
