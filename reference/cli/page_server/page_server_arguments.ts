import type { OpenOptions } from "../../reading/mod.ts";
import { parseSocketAddress } from "../../sockets/mod.ts";
import { parseNumber } from "../input/number_argument.ts";
import { openOptions, type OpenValues } from "../input/snapshot_options.ts";
import {
  type InputPlace,
  placeOf,
  type PlaceValues,
} from "../input/place_options.ts";
import { readOption, UsageError } from "../program/usage_error.ts";

/** The parsed command line of `page-server`. */
export interface PageServerArguments {
  /** Where the snapshot or the flat image is. */
  readonly place: InputPlace;
  /** Path of the socket. */
  readonly path: string;
  /** Permissions of the socket. */
  readonly mode: number;
  readonly idstr: string | undefined;
  readonly flat: boolean;
  /** Whether the flat image may start like a file of another format. */
  readonly fromRaw: boolean;
  readonly faultAround: number;
  readonly background: boolean;
  readonly onFailure: "kill" | "stall";
  readonly retryFor: number;
  readonly record: string | undefined;
  readonly replay: readonly string[];
  readonly metrics: number | undefined;
  readonly force: boolean;
  readonly json: boolean;
  readonly open: OpenOptions;
}

/** Values of the options. */
export interface PageServerValues extends OpenValues, PlaceValues {
  readonly json?: boolean | undefined;
  readonly listen?: string | undefined;
  readonly "socket-mode"?: "0600" | "0660" | "0666" | undefined;
  readonly block?: string | undefined;
  readonly flat?: boolean | undefined;
  readonly from?: "raw" | undefined;
  readonly "fault-around"?: string | undefined;
  readonly "no-push"?: boolean | undefined;
  readonly "on-failure"?: "kill" | "stall" | undefined;
  readonly "retry-for"?: string | undefined;
  readonly record?: string | undefined;
  readonly replay?: readonly string[] | undefined;
  readonly metrics?: string | undefined;
  readonly force?: boolean | undefined;
}

const PORT_MAX = 65535;
const FAULT_AROUND_MAX = 0x1000000;

/** Parses the options; throws a `UsageError` if they are wrong. */
export function pageServerArguments(
  file: string,
  values: PageServerValues,
): PageServerArguments {
  const flat = values.flat ?? false;
  const replay = values.replay ?? [];
  const number = (name: "fault-around" | "retry-for" | "metrics") => {
    const text = values[name];
    return text === undefined ? undefined : parseNumber(`--${name}`, text);
  };
  const faultAround = number("fault-around") ?? 0x10000;
  if (faultAround > FAULT_AROUND_MAX || faultAround % 4096 !== 0) {
    throw new UsageError(
      `Cannot use ${faultAround} as --fault-around: expected a multiple of ` +
        "4096, at most 16M",
    );
  }
  const metrics = number("metrics");
  if (metrics !== undefined && (metrics < 1 || metrics > PORT_MAX)) {
    throw new UsageError(
      `Cannot use ${metrics} as --metrics: expected a port, 1 to ${PORT_MAX}`,
    );
  }
  return {
    // A guest may have written anything to its memory, even a qcow2 header.
    place: { ...placeOf(file, values), asIs: flat },
    path: socketPath(values.listen),
    mode: Number.parseInt(values["socket-mode"] ?? "0600", 8),
    idstr: values.block,
    flat,
    fromRaw: values.from === "raw",
    faultAround,
    background: !(values["no-push"] ?? false),
    onFailure: values["on-failure"] ?? "stall",
    retryFor: (number("retry-for") ?? 60) * 1000,
    record: values.record,
    replay,
    metrics,
    force: values.force ?? false,
    json: values.json ?? false,
    open: openOptions(values),
  };
}

function socketPath(listen: string | undefined): string {
  if (listen === undefined) {
    throw new UsageError("Cannot start without --listen unix:PATH");
  }
  const address = readOption("--listen", () => parseSocketAddress(listen));
  if (address.kind === "unix") return address.path;
  throw new UsageError(
    `Cannot listen at ${JSON.stringify(listen)}: expected unix:PATH, over ` +
      "which a VM can hand over its userfaultfd",
  );
}
