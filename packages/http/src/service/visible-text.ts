/**
 * Signs that leave no mark where they stand alone: spaces, controls, format characters, what Unicode wants ignored when it cannot be shown
 * (Hangul fillers and variation selectors among them), combining marks without a letter, and the few blank ones among letters and symbols.
 */
const visible =
  /[^\p{White_Space}\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{13441}\u{13442}\u{1D159}]/u;

/** Whether a text contains a visible character. */
export function isVisible(text: string): boolean {
  return visible.test(text);
}

/** The message for a text that does not. */
export const mustBeVisible = "must contain a visible character";
