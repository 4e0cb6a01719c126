/**
 * The thread of a lane that packs.
 *
 * @module
 */

import { serveLanes } from "../workers/mod.ts";
import { packLane } from "./pack_lane.ts";

serveLanes(packLane);
