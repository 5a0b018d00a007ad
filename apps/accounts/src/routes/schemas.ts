import { z } from "@hono/zod-openapi";
import { wholeNumber } from "@quintet/http";
import { usernameSchema } from "../accounts/usernames.ts";
import { passwordSchema } from "../passwords/password-rules.ts";
import { registrationSchema } from "../registration/registration.ts";

const account = {
  id: z.number().int().openapi({ description: "The id of the account", example: 7 }),
  username: z.string().openapi({ description: "The username", example: "ana" }),
  email: z.string().openapi({ description: "The email address; empty if there is none", example: "ana@example.com" }),
  createdAt: z.iso.datetime().openapi({ description: "When the account was created" }),
};

/** A new account, as its creation responds with it. */
export const createdAccountSchema = z.object(account).openapi("Registered");

export const accountSchema = z
  .object({
    id: account.id,
    username: account.username,
    email: account.email,
    isStaff: z.boolean().openapi({ description: "Whether the account has staff rights" }),
    createdAt: account.createdAt,
  })
  .openapi("Account");

/** The path parameter of an account; ids are those of `auth_user`, a signed 32-bit column. */
export const accountParams = z.strictObject({
  id: wholeNumber(1, 2 ** 31 - 1).openapi({ description: "The id of the account" }),
});

/** The field of a page with which the list goes on. */
export const nextCursorSchema = z
  .string()
  .nullable()
  .openapi({ description: "The `cursor` of the next page; null on the last page" });

/** The body of `POST /auth/register`. */
export const registrationBody = registrationSchema
  .extend({
    username: usernameSchema.openapi({
      type: "string",
      description: "1 to 150 letters, digits and `@ . + - _`; unique regardless of case and accents",
      example: "ana",
    }),
    email: registrationSchema.shape.email.openapi({
      description: "The email address; unique regardless of case",
      example: "ana@example.com",
    }),
    password: passwordSchema.openapi({
      description: "8 to 1024 characters, not digits only and not a very common password",
      example: "correct horse battery",
    }),
    invitation: registrationSchema.shape.invitation.openapi({
      description: "The token of an invitation; required where accounts are created by invitation only",
    }),
  })
  .openapi("Registration");

/** The body of `POST /auth/accounts`. */
export const newAccountBody = registrationBody.omit({ invitation: true }).openapi("NewAccount");
