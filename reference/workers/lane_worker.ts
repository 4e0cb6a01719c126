/**
 * The thread of a lane.
 *
 * @module
 */

import { serveLanes } from "./serve_lanes.ts";

serveLanes();
