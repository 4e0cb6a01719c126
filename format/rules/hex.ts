/** Formats a number as hexadecimal: `0x1000`. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
