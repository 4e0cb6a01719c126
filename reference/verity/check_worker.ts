/**
 * The thread that checks blocks of a long stream.
 *
 * @module
 */

import { serveChecks } from "./serve_checks.ts";

serveChecks();
