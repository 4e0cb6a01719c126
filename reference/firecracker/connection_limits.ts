/** Maximum milliseconds of a handshake. */
export const HANDSHAKE_TIMEOUT = 10_000;
/** Maximum connections with an incomplete handshake. */
export const WAITING_MAX = 64;
/** Maximum connections of one process with an incomplete handshake. */
export const WAITING_EACH = 8;
/** Maximum VMs of one process. */
export const SERVED_EACH = 64;
/** Maximum connections accepted in one turn. */
export const ACCEPTED_AT_ONCE = 16;
/** Descriptors of a VM: its socket, its process, its userfaultfd. */
export const DESCRIPTORS_EACH = 3;
/** Milliseconds before accepting again after descriptors ran short. */
export const PAUSE = 1000;
/** Milliseconds between two reports of a VM. */
export const REPORT_INTERVAL = 1000;
/** Minimum milliseconds between two reports of failed reads. */
export const RETRY_REPORT_INTERVAL = 100;
/** Milliseconds between two checks whether the memory of a VM still exists. */
export const MEMORY_INTERVAL = 1000;
/** Maximum userfaultfds kept of one process that were never served. */
export const UNSERVED_EACH = 8;
