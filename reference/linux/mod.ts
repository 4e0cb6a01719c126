/**
 * Features of Linux that no runtime provides. Each of them needs the foreign
 * function interface when it is used, and reports if that is unavailable.
 *
 * @module
 */

export { cloneFile, cloneRange } from "./clone_file.ts";
export { descriptorLimit, openDescriptors } from "./descriptor_limit.ts";
export { Doorbell, type Ringing } from "./doorbell.ts";
export { EventDescriptor } from "./event_descriptor.ts";
export { FileMapping } from "./file_mapping.ts";
export { isListening } from "./is_listening.ts";
export { LINUX } from "./linux_constants.ts";
export { addressOf } from "./native_addresses.ts";
export { measureVerity } from "./measure_verity.ts";
export { NativeBuffers } from "./native_buffers.ts";
export { NativeMemory } from "./native_memory.ts";
export { notifyReady } from "./notify_manager.ts";
export { PeerProcess } from "./peer_process.ts";
export type { Placed } from "./placed.ts";
export { PollSet } from "./poll_set.ts";
export { type SharedExtent, sharedExtents } from "./shared_extents.ts";
export { SharedMapping } from "./shared_mapping.ts";
export { acceptUnix, listenUnix, receive } from "./unix_listener.ts";
export { withUnreadablePage } from "./unreadable_page.ts";
export type { UserfaultEvent } from "./userfault_event.ts";
export { Userfaultfd } from "./userfaultfd.ts";
export { type AddressRange, watchedRanges } from "./watched_ranges.ts";
