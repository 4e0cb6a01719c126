import { listed } from "../program/did_you_mean.ts";
import { FROM_FORMATS, INPUTS, OUTPUTS, TO_FORMATS } from "./formats.ts";

/** Returns what the help says about IN and OUT: their formats. */
export function formatsHelp(): { readonly IN: string; readonly OUT: string } {
  const byName = TO_FORMATS.filter((name) => OUTPUTS[name].endings.length > 0)
    .map((name) => {
      const endings = OUTPUTS[name].endings.map((ending) => `.${ending}`);
      return `${listed(endings)} for ${name}`;
    });
  return {
    IN: listed(FROM_FORMATS.map((name) => INPUTS[name].title)),
    OUT: `${byName.join("; ")}; a directory (which is created) for images; ` +
      "any other name for mapped-ram",
  };
}
