/** Pages `first` up to, but not including, `end`. */
export interface PageRun {
  /** Index of the first page. */
  readonly first: number;
  /** Index of the page behind the last. */
  readonly end: number;
}
