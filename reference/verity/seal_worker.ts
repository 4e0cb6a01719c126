/**
 * The thread of a lane that hashes.
 *
 * @module
 */

import { serveLanes } from "../workers/mod.ts";
import { sealLane } from "./seal_lane.ts";

serveLanes(sealLane);
