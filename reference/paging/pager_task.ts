import type { WorkingSetProfile } from "../../format/mod.ts";
import type { BlockRun } from "../migration/mod.ts";
import type { OpenOptions } from "../reading/mod.ts";
import type { PagerStatistics } from "./paged_process.ts";
import type { UffdRegion } from "./uffd_installer.ts";

/** What a thread of a pager is given. Plain values and shared memory only. */
export interface PagerTask {
  /** Path or URL of the snapshot, or of a flat image. */
  readonly file: string;
  /** Whether it is a flat image of the memory and no snapshot. */
  readonly flat: boolean;
  /** How to open a snapshot. */
  readonly open: Omit<OpenOptions, "signal">;
  /** Not 0 in its first place: stop. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** An eventfd, rung when `control` changed. */
  readonly wakeFd: number;
  /** As in `PagerOptions`. */
  readonly faultAround: number;
  readonly background: boolean;
  readonly retryFor: number;
  readonly loadFirst: readonly BlockRun[];
  /** Whether to take down which pages are asked for. */
  readonly record: boolean;
  /** Memory of this process to serve. */
  readonly memory?: {
    readonly uffd: number;
    readonly regions: readonly PagerTaskRegion[];
  };
  /** A socket to which Firecrackers connect. */
  readonly server?: {
    readonly listenFd: number;
    /** The RAMBlock that is their memory; default: the only one. */
    readonly idstr: string | undefined;
    readonly onFailure: "kill" | "stall";
  };
}

/** A region of this process. */
export interface PagerTaskRegion extends UffdRegion {
  readonly hasZeropage: boolean;
  readonly origin: number;
  readonly idstr: string;
}

/** What a pager tells. */
export type PagerEvent =
  | { readonly kind: "ready" }
  | { readonly kind: "connected"; readonly vm: number; readonly pid: number }
  | {
    readonly kind: "serving";
    readonly vm: number;
    readonly pid: number;
    readonly regions: number;
    readonly bytes: number;
  }
  | {
    readonly kind: "refused";
    readonly vm: number;
    readonly pid: number;
    readonly message: string;
  }
  | { readonly kind: "retry"; readonly vm: number; readonly message: string }
  | { readonly kind: "failed"; readonly vm: number }
  | { readonly kind: "killed"; readonly vm: number; readonly pid: number }
  | {
    readonly kind: "not-killed";
    readonly vm: number;
    readonly pid: number;
    readonly message: string;
  }
  | { readonly kind: "loaded"; readonly vm: number }
  | {
    readonly kind: "statistics";
    readonly vm: number;
    readonly statistics: PagerStatistics;
  }
  | { readonly kind: "ended"; readonly vm: number; readonly message: string }
  | {
    readonly kind: "stopped";
    readonly profile: WorkingSetProfile | undefined;
  }
  | { readonly kind: "error"; readonly message: string };
