import type { Auth, ClientAddress } from "@quintet/auth";
import { type KeyedRequest, Problem } from "@quintet/http";
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
  return getProfile(profiles, account, account.id);
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

/** The profile of an account. The viewer's own profile is created when it does not exist; any other is a 404. */
export async function getProfile(
  profiles: Profiles,
  viewer: { id: number; email: string },
  id: number,
): Promise<Profile> {
  if (id === viewer.id) await profiles.ensure(viewer);
  const profile = await profiles.byId(id);
  if (!profile) throw new Problem("not-found", "User not found.");
  return profile;
}
