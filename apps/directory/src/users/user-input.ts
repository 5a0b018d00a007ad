import { isVisible, mustBeVisible } from "@quintet/http";
import { z } from "zod";

/** Whether a text can be stored and shown: assignable characters, no controls but those in `allowed`. */
function isClean(text: string, allowed = ""): boolean {
  if (!text.isWellFormed()) return false;
  return [...text.matchAll(/[\p{Cc}\p{Noncharacter_Code_Point}]/gu)].every(([control]) => allowed.includes(control));
}

const uncleanText = "must not have control characters or broken Unicode";

const personName = z
  .string()
  .refine((text) => isClean(text), { error: uncleanText, abort: true })
  .trim()
  .normalize("NFC")
  .min(1, { error: "must not be empty", abort: true })
  .refine(isVisible, mustBeVisible)
  .max(100, "must have at most 100 characters");

const email = z.string().trim().max(254, "must have at most 254 characters").pipe(z.email("must be an email address"));

const bio = z
  .string()
  .refine((text) => isClean(text, "\n\r\t"), uncleanText)
  .normalize("NFC")
  .max(2000, "must have at most 2000 characters");

/** A new user; all but `bio` is needed. */
export const newUser = z.strictObject({ firstName: personName, lastName: personName, email, bio: bio.default("") });

/** A change of a user: the fields that are given, one at least. */
export const userChange = z
  .strictObject({ firstName: personName, lastName: personName, email, bio })
  .partial()
  .refine((change) => Object.keys(change).length > 0, {
    message: "must have one field at least",
    when: ({ issues }) => issues.length === 0,
  });

export type NewUser = z.infer<typeof newUser>;
export type UserChange = z.infer<typeof userChange>;

/** What is searched for, as it was typed. Empty finds everybody. */
export const nameParam = z
  .string()
  .refine((text) => isClean(text), uncleanText)
  .max(100, "must have at most 100 characters")
  .default("");
