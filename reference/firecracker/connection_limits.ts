/** Milliseconds in which a handshake must be whole. */
export const HANDSHAKE_TIMEOUT = 10_000;
/** Connections whose handshake is not whole, at most. */
export const WAITING_MAX = 64;
/** Of these, those of one process. */
export const WAITING_EACH = 8;
/** VMs that one process may be. */
export const SERVED_EACH = 64;
/** Connections that are taken in one turn. */
export const ACCEPTED_AT_ONCE = 16;
/** Descriptors of a VM: its socket, its process, its userfaultfd. */
export const DESCRIPTORS_EACH = 3;
/** Milliseconds until it is looked whether there are descriptors again. */
export const PAUSE = 1000;
/** Milliseconds between two reports of a VM. */
export const REPORT_INTERVAL = 1000;
/** Milliseconds between two reports of reads that failed, at least. */
export const RETRY_REPORT_INTERVAL = 100;
/** Milliseconds between two looks at memory whose process is not watched. */
export const MEMORY_INTERVAL = 1000;
/** Userfaultfds of a process that are kept though they were never served. */
export const UNSERVED_EACH = 8;
