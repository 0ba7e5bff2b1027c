/** How many columns of a terminal text takes. Pure. */

/** Signs that take two columns: East Asian wide ones, and those that are shown as pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Signs that take none: they change the one before. */
const NONE = /\p{M}|\u200d/u;

/** The columns of one line; an estimate, for terminals differ in rare signs. */
export function widthOf(text: string): number {
  let width = 0;
  for (const sign of text) width += signWidth(sign);
  return width;
}

/** As much of `text` as fits into so many columns, with an ellipsis where something is left out. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let fitted = "";
  let left = columns - 1;
  for (const sign of text) {
    left -= signWidth(sign);
    if (left < 0) break;
    fitted += sign;
  }
  return columns < 1 ? "" : `${fitted}…`;
}

function signWidth(sign: string): number {
  if (NONE.test(sign)) return 0;
  return WIDE.test(sign) ? 2 : 1;
}
