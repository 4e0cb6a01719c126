/**
 * The thread of a `PageServer`.
 *
 * @module
 */

import { servePages } from "../paging/mod.ts";
import { FaultServer, type PageServerJob } from "./fault_server.ts";

servePages<PageServerJob>((job, { loop, source, options, tell }) =>
  new FaultServer(loop, source, { ...job, pager: options, tell })
);
