/** Whether text is printable ASCII alone, as every name in a stream is. */
export function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
