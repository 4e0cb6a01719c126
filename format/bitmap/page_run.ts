/** Pages `first` up to, but not including, `end`. */
export interface PageRun {
  /** Index of the first page. */
  readonly first: number;
  /** Index of the page after the last. */
  readonly end: number;
}

/** A run of pages of a RAMBlock. */
export interface BlockRun extends PageRun {
  /** idstr of the RAMBlock. */
  readonly idstr: string;
}
