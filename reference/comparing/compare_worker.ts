/**
 * The thread of a lane that compares.
 *
 * @module
 */

import { serveLanes } from "../lanes/mod.ts";
import { compareLane } from "./compare_lane.ts";

serveLanes(compareLane);
