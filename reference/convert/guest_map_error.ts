/** A guest-physical layout that is not known is not guessed at. */
export class GuestMapError extends RangeError {
  /** Names the class, as `Error.name` does. */
  override readonly name = "GuestMapError";
  /** The RAMBlocks whose places are not known; none if it is about all of them. */
  readonly idstrs: readonly string[];

  /** Of a file, with what is not known of it. */
  constructor(
    fileName: string,
    reason: string,
    idstrs: readonly string[] = [],
  ) {
    super(
      `Cannot tell the guest-physical addresses of ${
        JSON.stringify(fileName)
      }: ${reason}, expected ` +
        (idstrs.length > 0
          ? "a range of each, or that it is to be left out"
          : "a machine whose layout is known, or the ranges"),
    );
    this.idstrs = idstrs;
  }
}
