/** A whole number from 0 below `limit`. */
export type Random = (limit: number) => number;
