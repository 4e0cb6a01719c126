/**
 * The thread of a lane that packs.
 *
 * @module
 */

import { serveLanes } from "../lanes/mod.ts";
import { packLane } from "./pack_lane.ts";

serveLanes(packLane);
