import { readField } from "./struct_layout.ts";
import { UFFD, UFFD_MSG } from "./userfaultfd_interface.ts";

/** An event of memory that is registered with a userfaultfd. */
export type UserfaultEvent =
  | { readonly kind: "fault"; readonly address: number }
  | { readonly kind: "remove"; readonly start: number; readonly end: number }
  | { readonly kind: "unmap"; readonly start: number; readonly end: number }
  | {
    readonly kind: "remap";
    readonly from: number;
    readonly to: number;
    readonly length: number;
  }
  | {
    readonly kind: "fork";
    /** A userfaultfd of the child's memory; the reader closes it. */
    readonly fd: number;
  };

/** Decodes the event at `at`; returns undefined for an unknown event. */
export function eventAt(
  view: DataView,
  at: number,
): UserfaultEvent | undefined {
  const { fields } = UFFD_MSG;
  switch (readField(view, fields.event, at)) {
    case UFFD.UFFD_EVENT_PAGEFAULT:
      return {
        kind: "fault",
        address: readField(view, fields["arg.pagefault.address"], at),
      };
    case UFFD.UFFD_EVENT_REMOVE:
      return { kind: "remove", ...removedRange(view, at) };
    case UFFD.UFFD_EVENT_UNMAP:
      return { kind: "unmap", ...removedRange(view, at) };
    case UFFD.UFFD_EVENT_REMAP:
      return {
        kind: "remap",
        from: readField(view, fields["arg.remap.from"], at),
        to: readField(view, fields["arg.remap.to"], at),
        length: readField(view, fields["arg.remap.len"], at),
      };
    case UFFD.UFFD_EVENT_FORK:
      return { kind: "fork", fd: readField(view, fields["arg.fork.ufd"], at) };
    default:
      return undefined;
  }
}

function removedRange(
  view: DataView,
  at: number,
): { readonly start: number; readonly end: number } {
  const { fields } = UFFD_MSG;
  return {
    start: readField(view, fields["arg.remove.start"], at),
    end: readField(view, fields["arg.remove.end"], at),
  };
}
