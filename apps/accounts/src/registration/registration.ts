import type { Registration } from "@quintet/auth";
import { inputFaults, Problem } from "@quintet/http";
import { z } from "zod";
import { usernameSchema } from "../accounts/usernames.ts";
import { passwordSchema } from "../passwords/password-rules.ts";

/** The rules for a registration. */
export const registrationSchema = z.strictObject({
  username: usernameSchema,
  email: z.email("must be an email address").max(254),
  password: passwordSchema,
  /** The token of an invitation, where `REGISTRATION` requires one. */
  invitation: z.string().max(200).optional(),
});

/** Returns a registration as it is stored; throws an `unprocessable` problem that names every fault. */
export function checkedRegistration(input: Registration): Registration {
  const parsed = registrationSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = inputFaults(parsed.error);
  throw new Problem("unprocessable", errors.map(({ path, message }) => `${path}: ${message}`).join("; "), { errors });
}
