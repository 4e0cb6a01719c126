/** Formats a number for people: `20,480`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Formats a number of things: `1 page`, `20,480 pages`. */
export function countOf(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** Formats a share for people: `0 %`, `< 1 %`, `34 %`, `> 99 %`, `100 %`. */
export function formatShare(part: number, total: number): string {
  if (total === 0 || part === 0) return "0 %";
  const percent = part / total * 100;
  if (percent < 1) return "< 1 %";
  if (percent > 99 && part < total) return "> 99 %";
  return `${Math.round(percent)} %`;
}
