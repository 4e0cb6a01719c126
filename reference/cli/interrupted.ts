/** The user stopped it: by Ctrl-C, by `kill`, by closing the terminal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
