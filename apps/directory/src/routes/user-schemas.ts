import { z } from "@hono/zod-openapi";
import { wholeNumber } from "@quintet/http";
import { newUser, userChange } from "../users/user-input.ts";

const fields = {
  id: z.number().int().describe("The user's id"),
  firstName: z.string().describe("First name, 1 to 100 characters"),
  lastName: z.string().describe("Last name, 1 to 100 characters"),
  email: z.string().describe("Email address, unique without regard to case"),
  bio: z.string().describe("A text about the user, up to 2000 characters; may be empty"),
};

/** A user as anyone sees it; `email` for signed-in accounts only. */
export const userSchema = z
  .object({ ...fields, email: fields.email.optional().describe("Email address; for signed-in accounts only") })
  .openapi("DirectoryUser", { description: "A user of the directory" });

export const userWithEmailSchema = z
  .object(fields)
  .openapi("DirectoryUserWithEmail", { description: "A user of the directory, with the email address" });

export const userListSchema = z
  .object({
    users: z.array(userSchema).describe("The users of this page, by last name, first name and id"),
    total: z.number().int().describe("How many users the search finds"),
    totalIsExact: z.boolean().describe("False when `total` is an estimate, within 10 % of the exact number"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
    prevCursor: z.string().nullable().describe("`cursor` of the previous page; null on the first page"),
  })
  .openapi("DirectoryUsers", { description: "One page of users" });

export const newUserSchema = newUser.openapi("NewDirectoryUser", {
  description: "A user to create; all fields but `bio` are required",
});

export const userChangeSchema = userChange.openapi("DirectoryUserChange", {
  description: "The fields to change, at least one; the others stay as they are",
});

/** The user in a path. */
export const userParam = z.strictObject({ id: wholeNumber(1, Number.MAX_SAFE_INTEGER).describe("The user's id") });
