import { z } from "zod";

// Django's rule, `^[\w.@+-]+\Z`, where \w is any letter or number of Unicode and the underscore.
// Hangul fillers, which Unicode counts as letters although they are invisible, are excluded.
const usernameForm = /^(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}_.@+-])+$/u;

/** A username as it is stored and compared: in Unicode's normalization form NFKC, as in Django. */
export function normalizeUsername(text: string): string {
  return text.normalize("NFKC");
}

/** The rules for a username; parses to its normalized form. */
export const usernameSchema = z
  .string()
  .transform(normalizeUsername)
  .refine((text) => usernameForm.test(text), "may have letters, digits and @ . + - _ only")
  .refine((text) => [...text].length <= 150, "must have at most 150 characters");
