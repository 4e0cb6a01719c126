import type { WorkingSetProfile } from "../../format/profile/mod.ts";
import type { PagerStatistics } from "./paged_process.ts";

/** An event that a pager reports. */
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
