/**
 * The thread of a lane that hashes.
 *
 * @module
 */

import { serveLanes } from "../lanes/mod.ts";
import { sealLane } from "./seal_lane.ts";

serveLanes(sealLane);
