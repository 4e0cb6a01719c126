/** Whether text is all printable ASCII, as every name in a stream is. */
export function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
