import { isVisible, mustBeVisible } from "@quintet/http";
import { z } from "zod";

/** Whether a text can be stored and shown: valid Unicode without control characters, except those in `allowed`. */
function isClean(text: string, allowed = ""): boolean {
  if (!text.isWellFormed()) return false;
  return [...text.matchAll(/[\p{Cc}\p{Noncharacter_Code_Point}]/gu)].every(([control]) => allowed.includes(control));
}

const uncleanText = "must not contain control characters or invalid Unicode";

const personName = z
  .string()
  .refine((text) => isClean(text), { error: uncleanText, abort: true })
  .trim()
  .normalize("NFC")
  .min(1, { error: "must not be empty", abort: true })
  .refine(isVisible, mustBeVisible)
  .max(100, "must have at most 100 characters");
const firstName = personName.describe("First name, 1 to 100 characters; spaces around it are removed");
const lastName = personName.describe("Last name, 1 to 100 characters; spaces around it are removed");

const email = z
  .string()
  .trim()
  .max(254, "must have at most 254 characters")
  .pipe(z.email("must be an email address"))
  .describe("Email address, up to 254 characters, unique without regard to case");

const bio = z
  .string()
  .refine((text) => isClean(text, "\n\r\t"), uncleanText)
  .normalize("NFC")
  .max(2000, "must have at most 2000 characters")
  .describe("A text about the user, up to 2000 characters");

/** A new user; all fields but `bio` are required. */
export const newUser = z.strictObject({ firstName, lastName, email, bio: bio.default("") });

/** A change of a user: at least one field. */
export const userChange = z
  .strictObject({ firstName, lastName, email, bio })
  .partial()
  .refine((change) => Object.keys(change).length > 0, {
    message: "must have at least one field",
    when: ({ issues }) => issues.length === 0,
  });

export type NewUser = z.infer<typeof newUser>;
export type UserChange = z.infer<typeof userChange>;

/** The searched name as typed; empty finds all users. */
export const nameParam = z
  .string()
  .refine((text) => isClean(text), uncleanText)
  .max(100, "must have at most 100 characters")
  .default("")
  .describe("Words of a name, up to 8 and up to 100 characters in total; empty (the default) finds all users");
