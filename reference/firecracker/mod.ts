/**
 * The page-fault handler for VMs of Firecracker: handshakes, connections, metrics.
 *
 * @module
 */

export { PageServer, type PageServerOptions } from "./page_server.ts";
export { PageServerMetrics } from "./page_server_metrics.ts";
