/**
 * The tables of the command line, from which its manual is made. The program is
 * `main.ts`.
 *
 * @module
 */

export { COMMANDS } from "./commands.ts";
export { ENVIRONMENT, EXAMPLES, EXIT_CODES, NOTES, TITLE } from "./help.ts";
export { type Command, COMMON_OPTIONS } from "./program/command.ts";
export { listed } from "./program/did_you_mean.ts";
export { type Option, optionWords } from "./program/option.ts";
