import { SourceError } from "../sources/mod.ts";

/**
 * Two files cannot share blocks: their file system has no reflinks, they are on
 * different ones, one is not a plain local file, or the platform is not Linux.
 */
export class CloneError extends SourceError {}
