import { hex } from "../../format/rules/mod.ts";
import { formatUuid } from "../../format/stream/mod.ts";
import type { GuestMap } from "../convert/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import type {
  ConfigurationDifference,
  ConfigurationValue,
} from "./snapshot_difference.ts";

/** A snapshot and, as far as it is known, where the guest sees its memory. */
export interface MappedSnapshot {
  readonly snapshot: Pick<Snapshot, "machine" | "capabilities" | "blocks"> & {
    readonly index: Pick<Snapshot["index"], "configuration">;
  };
  readonly map: GuestMap | undefined;
}

/** Yields the properties in which two machines and their RAMBlocks differ. */
export function* compareConfigurations(
  a: MappedSnapshot,
  b: MappedSnapshot,
): Generator<ConfigurationDifference> {
  yield* differing(undefined, machineFacts(a), machineFacts(b));
  const others = new Map(b.snapshot.blocks.map((it) => [it.idstr, it]));
  for (const block of a.snapshot.blocks) {
    const { idstr } = block;
    const other = others.get(idstr);
    others.delete(idstr);
    if (other === undefined) {
      yield* differing(idstr, { block: block.usedLength }, {});
    } else {
      yield* differing(idstr, blockFacts(block), blockFacts(other));
      // An unknown address is no other one.
      const [ours, theirs] = [a, b].map((it) => addressesOf(idstr, it));
      if (ours !== undefined && theirs !== undefined) {
        yield* differing(idstr, { addresses: ours }, { addresses: theirs });
      }
    }
  }
  for (const [idstr, { usedLength }] of others) {
    yield* differing(idstr, {}, { block: usedLength });
  }
}

type Facts = Partial<
  Record<ConfigurationDifference["property"], ConfigurationValue>
>;

function* differing(
  idstr: string | undefined,
  a: Facts,
  b: Facts,
): Generator<ConfigurationDifference> {
  const names = Object.keys({ ...a, ...b }) as (keyof Facts)[];
  for (const property of names) {
    if (a[property] === b[property]) continue;
    const values = { a: a[property], b: b[property] };
    yield { kind: "configuration", idstr, property, ...values };
  }
}

function machineFacts({ snapshot }: MappedSnapshot): Facts {
  const { machine, capabilities, index } = snapshot;
  const { targetPageBits, uuid } = index.configuration;
  return {
    machine,
    capabilities: capabilities.toSorted().join(", "),
    targetPageBits,
    uuid: uuid && formatUuid(uuid),
  };
}

function blockFacts({ usedLength, pageSize, ignored }: RAMBlock): Facts {
  return { usedLength, pageSize, ignored };
}

/** Returns the guest-physical ranges of a RAMBlock, if they are known. */
function addressesOf(
  idstr: string,
  { map }: MappedSnapshot,
): string | undefined {
  return map?.ranges.filter((it) => it.idstr === idstr)
    .map(({ address, length, offset }) =>
      `${hex(address)}-${hex(address + length - 1)} from ${hex(offset)}`
    ).join(", ");
}
