import type { Auth, ClientAddress } from "@quintet/auth";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { Profile } from "./profile-queries.ts";
import type { Profiles } from "./profiles.ts";
import { usernameOf } from "./username.ts";

/** Makes an account at the issuer and its profile, once for a keyed request. A taken email is a 409, a password that breaks a rule a 422. `REGISTRATION` says who may; too many from one address are a 429. */
export async function signUp(
  { auth, profiles }: { auth: Auth; profiles: Profiles },
  input: { email: string; password: string; invitation?: string | undefined },
  from: { clientAddress: ClientAddress; request?: KeyedRequest | undefined },
): Promise<Profile> {
  const account = await auth.register({ username: usernameOf(input.email), ...input }, from).catch((error: unknown) => {
    if (!(error instanceof Problem && error.code === "conflict")) throw error;
    const message = "This email is taken.";
    throw new Problem("conflict", message, { errors: [{ path: "email", message: "is taken" }] });
  });
  return profiles.own(account);
}

/** An access token for a username or email and its password; wrong ones are a 403. */
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

/** The profile of an account; one's own is made when it is not there yet, anyone else's is a 404 then. */
export async function profileFor(
  profiles: Profiles,
  viewer: { id: number; email: string },
  id: number,
): Promise<Profile> {
  const profile = id === viewer.id ? await profiles.own(viewer) : await profiles.byId(id);
  if (!profile) throw new Problem("not-found", "There is no such user.");
  return profile;
}
