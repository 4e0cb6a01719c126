/**
 * The thread of a lane that unpacks.
 *
 * @module
 */

import { serveLanes } from "../lanes/mod.ts";
import { unpackLane } from "./unpack_lane.ts";

serveLanes(unpackLane);
