import { z } from "@hono/zod-openapi";
import type { Registration } from "@quintet/auth";
import { inputFaults, Problem } from "@quintet/http";

// Django's rule, `^[\w.@+-]+\Z`, where \w is any letter or number of Unicode and the underscore.
// Fillers of Hangul, which are letters to Unicode and cannot be seen, are none here.
const usernameForm = /^(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}_.@+-])+$/u;

const common = new Set(
  `password password1 password12 password123 passw0rd p@ssw0rd p@ssword qwertyuiop qwerty123 qwertyui 1q2w3e4r 1qaz2wsx
   abcd1234 abc12345 iloveyou sunshine princess football baseball superman trustno1 letmein1 welcome1 whatever starwars
   computer michelle jennifer internet changeme administrator administrador contraseña contrasena asdfghjkl zxcvbnm1`.split(
    /\s+/,
  ),
);

/** A username as it is stored and compared: in Unicode's form NFKC, as Django does. */
export function normalUsername(text: string): string {
  return text.normalize("NFKC");
}

/** A username in its normal form. */
export const usernameSchema = z
  .string()
  .transform(normalUsername)
  .refine((text) => usernameForm.test(text), "may have letters, digits and @ . + - _ only")
  .refine((text) => [...text].length <= 150, "must have at most 150 characters")
  .openapi({ type: "string", example: "ana" });

/** A new password. */
export const passwordSchema = z
  .string()
  .min(8, "must have 8 characters or more")
  .max(1024, "must have at most 1024 characters")
  .refine((text) => text.isWellFormed(), "must be well-formed Unicode")
  .refine((text) => !/^\p{N}+$/u.test(text), "must not be digits only")
  .refine((text) => !common.has(text.toLowerCase()), "is among the most common ones")
  .openapi({ example: "correct horse battery" });

/** The token of an invitation. */
export const invitationSchema = z
  .string()
  .max(200)
  .optional()
  .openapi({ description: "The token of an invitation, where accounts are made with one" });

/** What `POST /auth/register` takes. */
export const registrationSchema = z
  .strictObject({
    username: usernameSchema,
    email: z.email("must be an email address").max(254),
    password: passwordSchema,
    invitation: invitationSchema,
  })
  .openapi("Registration");

/** What staff takes to make an account for somebody. */
export const newAccountSchema = registrationSchema.omit({ invitation: true }).openapi("NewAccount");

/** A password that keeps the rules; otherwise an `unprocessable` problem that tells each fault of `field`. */
export function checkedPassword(text: string, field: string): string {
  const parsed = passwordSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  const errors = inputFaults(parsed.error).map(({ message }) => ({ path: field, message }));
  throw new Problem("unprocessable", errors.map(({ message }) => `${field}: ${message}`).join("; "), { errors });
}

/** A registration as it is stored; one that breaks a rule is an `unprocessable` problem that names each fault. */
export function checkedRegistration(input: Registration): Registration {
  const parsed = registrationSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = inputFaults(parsed.error);
  throw new Problem("unprocessable", errors.map(({ path, message }) => `${path}: ${message}`).join("; "), { errors });
}
