/** Text from outside, such as an error's message, as it may be shown. */

import { stripVTControlCharacters } from "node:util";

// Line ends and tabs stay. The rest could clear the screen, ring, or hide what stands before it.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Without colours and other control characters. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(CONTROLS, "");
}
