/**
 * The thread of a lane that copies pages.
 *
 * @module
 */

import { copyLane } from "./copy_lane.ts";
import { serveLanes } from "../lanes/mod.ts";

serveLanes(copyLane);
