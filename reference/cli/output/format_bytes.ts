const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** Formats a size for people: `1 byte`, `4 KiB`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = -1;
  // 1023.95 would be rounded to 1024.0.
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(Number.isInteger(value) ? 0 : 1)} ${UNITS[unit]}`;
}
