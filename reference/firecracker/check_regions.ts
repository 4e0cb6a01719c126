import { type Userfaultfd, withUnreadablePage } from "../linux/mod.ts";
import { ERRNO, errnoName, linux } from "../system/mod.ts";
import type { SourceMemory } from "../paging/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { GuestRegion } from "./handshake.ts";

/** The regions that a VM claims, and what to compare them with. */
export interface ClaimedRegions {
  readonly regions: readonly GuestRegion[];
  /** The memory to fill the regions from. */
  readonly memory: SourceMemory;
  readonly uffd: Userfaultfd;
}

/**
 * Checks that regions lie within the snapshot's memory, and asks the kernel
 * whether they are registered with the userfaultfd and have pages of that size.
 * `peer` names the VM in the error.
 *
 * @throws {SourceError} if they do not match
 */
export function checkRegions(
  { regions, memory, uffd }: ClaimedRegions,
  peer: string,
): void {
  for (const { offset, byteLength } of regions) {
    const end = offset + byteLength;
    if (end <= memory.byteLength) continue;
    throw refusal(
      peer,
      `it has memory from ${offset} to ${end}, ${memory.name} has ` +
        `${memory.byteLength} bytes`,
    );
  }
  withUnreadablePage((from) => {
    for (const region of regions) checkRegion(region, { uffd, from, peer });
  });
}

interface Probe {
  readonly uffd: Userfaultfd;
  /** Address of bytes that cannot be read. */
  readonly from: number;
  readonly peer: string;
}

function checkRegion(region: GuestRegion, { uffd, from, peer }: Probe): void {
  const { address, byteLength } = region;
  const { pageSize } = linux();
  const last = address + byteLength - region.pageSize;
  const isHuge = region.pageSize !== pageSize;
  for (const at of new Set([address, last])) {
    const { errno } = uffd.copy(at, from, region.pageSize);
    // The memory is being changed, so the kernel cannot tell. That is accepted
    // for small pages, where a wrong claim does little harm.
    if (errno === ERRNO.EAGAIN && !isHuge) return;
    if (errno === ERRNO.EFAULT || errno === ERRNO.EEXIST) continue;
    throw refusal(peer, `${describe(region)} ${reasonOf(errno)}`);
  }
  if (!isHuge) return;
  // EINVAL: a part of a huge page cannot be copied, so the pages are huge.
  if (uffd.copy(last, from, pageSize).errno === ERRNO.EINVAL) return;
  throw refusal(
    peer,
    `${describe(region)} has no such pages, expected page_size ${pageSize}`,
  );
}

function describe({ address, byteLength, pageSize }: GuestRegion): string {
  return `its region of ${byteLength} bytes at 0x${address.toString(16)} in ` +
    `pages of ${pageSize} bytes`;
}

function reasonOf(errno: number): string {
  switch (errno) {
    case ERRNO.ENOENT:
      return "is not registered with its userfaultfd";
    case ERRNO.EINVAL:
      return "has no such pages";
    case ERRNO.ENOMEM:
      return "cannot be filled: there are no free huge pages";
    case ERRNO.EAGAIN:
      return "is being changed, expected no changes after the handshake";
    default:
      return `cannot be filled: ${errnoName(errno)}`;
  }
}

function refusal(peer: string, found: string): SourceError {
  return new SourceError(peer, `Cannot serve ${peer}: ${found}`);
}
