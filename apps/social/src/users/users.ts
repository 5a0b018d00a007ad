import type { Auth, ClientAddress } from "@quintet/auth";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { PersonCounts, PersonView, personFinder } from "./people-queries.ts";
import type { Profile } from "./profile-queries.ts";
import type { Profiles } from "./profiles.ts";
import { usernameFromEmail } from "./username.ts";

/**
 * Registers an account at the issuer and creates its profile, once for a keyed request. Throws 409 for a taken email, 422 for a
 * password that breaks a rule, 403 where `REGISTRATION` does not allow it, 429 for too many registrations from one address.
 */
export async function signUp(
  { auth, profiles }: { auth: Auth; profiles: Profiles },
  input: { email: string; password: string; invitation?: string | undefined },
  from: { clientAddress: ClientAddress; request?: KeyedRequest | undefined },
): Promise<Profile> {
  const account = await auth
    .register({ username: usernameFromEmail(input.email), ...input }, from)
    .catch((error: unknown) => {
      if (!(error instanceof Problem && error.code === "conflict")) throw error;
      const message = "This email is taken.";
      throw new Problem("conflict", message, { errors: [{ path: "email", message: "is taken" }] });
    });
  await profiles.ensure(account);
  const profile = await profiles.byId(account.id);
  if (!profile) throw new Problem("not-found", "User not found.");
  return profile;
}

/** An access token for a username or email and its password. Throws 403 when they are wrong. */
export async function logIn(
  auth: Auth,
  username: string,
  password: string,
  clientAddress: ClientAddress,
): Promise<string> {
  const tokens = await auth.passwordGrant(username, password, { clientAddress });
  if (!tokens) throw new Problem("forbidden", "Invalid Credentials");
  return tokens.access_token;
}

/** A profile as the viewer sees it. Throws 404 when there is none, or when the viewer may not see it. */
export async function getPerson(
  find: ReturnType<typeof personFinder>,
  viewer: number,
  id: number,
): Promise<PersonView & PersonCounts> {
  const found = await find(id, viewer);
  if (!found) throw new Problem("not-found", "User not found.");
  return found;
}
