import { createHash } from "node:crypto";

const allowed = /^[\p{L}\p{N}_.@+-]{1,150}$/u;
const others = /[^\p{L}\p{N}_.@+-]/gu;

/**
 * The username of an account that gave only an email: the email itself, or, when usernames do not allow it (a character
 * such as `'`, more than 150 of them), the part that they do allow with a digest that keeps two emails apart.
 */
export function usernameOf(email: string): string {
  if (allowed.test(email)) return email;
  const digest = createHash("sha256").update(email).digest("hex").slice(0, 16);
  return `${[...email.replace(others, "_")].slice(0, 100).join("")}-${digest}`;
}
