import { inputFaults, Problem } from "@quintet/http";
import { z } from "zod";

const common = new Set(
  `password password1 password12 password123 passw0rd p@ssw0rd p@ssword qwertyuiop qwerty123 qwertyui 1q2w3e4r 1qaz2wsx
   abcd1234 abc12345 iloveyou sunshine princess football baseball superman trustno1 letmein1 welcome1 whatever starwars
   computer michelle jennifer internet changeme administrator administrador contraseña contrasena asdfghjkl zxcvbnm1`.split(
    /\s+/,
  ),
);

/** The rules for a new password. */
export const passwordSchema = z
  .string()
  .min(8, "must have 8 characters or more")
  .max(1024, "must have at most 1024 characters")
  .refine((text) => text.isWellFormed(), "must be well-formed Unicode")
  .refine((text) => !/^\p{N}+$/u.test(text), "must not be digits only")
  .refine(
    (text) => !common.has(text.toLowerCase()),
    "is among the most common passwords, which are guessed first: choose another, such as a few words in a row",
  );

/** Returns `text` when it is a valid new password; otherwise throws an `unprocessable` problem that names the faults of `field`. */
export function checkedPassword(text: string, field: string): string {
  const parsed = passwordSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  const errors = inputFaults(parsed.error).map(({ message }) => ({ path: field, message }));
  throw new Problem("unprocessable", errors.map(({ message }) => `${field}: ${message}`).join("; "), { errors });
}
