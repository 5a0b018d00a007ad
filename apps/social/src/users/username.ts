import { createHash } from "node:crypto";

const allowed = /^[\p{L}\p{N}_.@+-]{1,150}$/u;
const disallowed = /[^\p{L}\p{N}_.@+-]/gu;

/**
 * The username for an account that is registered by email only: the email itself. When that is no valid username (it has a character
 * such as `'`, or more than 150 characters), the invalid characters are replaced and a digest keeps two emails apart.
 */
export function usernameFromEmail(email: string): string {
  if (allowed.test(email)) return email;
  const digest = createHash("sha256").update(email).digest("hex").slice(0, 16);
  return `${[...email.replace(disallowed, "_")].slice(0, 100).join("")}-${digest}`;
}
