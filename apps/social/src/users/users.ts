import type { Auth, ClientAddress } from "@quintet/auth";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "../database/database.ts";
import { handleHolder, handleTaken } from "./handle-queries.ts";
import { changeProfile } from "./own-profile.ts";
import type { PersonCounts, PersonView, personFinder } from "./people-queries.ts";
import { findProfile, type Profile } from "./profile-queries.ts";
import type { Profiles } from "./profiles.ts";
import { usernameFromEmail } from "./username.ts";

/**
 * Registers an account at the issuer and creates its profile, once for a keyed request. Throws 409 for a taken email, 422 for a
 * password that breaks a rule, 403 where `REGISTRATION` does not allow it, 429 for too many registrations from one address.
 */
export async function signUp(
  { auth, profiles, database: { db } }: { auth: Auth; profiles: Profiles; database: { db: Database } },
  {
    handle,
    ...input
  }: { email: string; password: string; invitation?: string | undefined; handle?: string | undefined },
  from: { clientAddress: ClientAddress; request?: KeyedRequest | undefined },
): Promise<Profile> {
  if (handle !== undefined) await requireFree(db, handle, input.email);
  const account = await auth
    .register({ username: usernameFromEmail(input.email), ...input }, from)
    .catch((error: unknown) => {
      if (!(error instanceof Problem && error.code === "conflict")) throw error;
      const message = "This email is taken.";
      throw new Problem("conflict", message, { errors: [{ path: "email", message: "is taken" }] });
    });
  await profiles.ensure(account);
  if (handle !== undefined) await chooseHandle(db, account.id, handle);
  const profile = await profiles.byId(account.id);
  if (!profile) throw new Problem("not-found", "User not found.");
  return profile;
}

/** Throws 409 for a handle that is taken, unless by the account of this email: a repeated request finds what it did. */
async function requireFree(db: Database, handle: string, email: string): Promise<void> {
  const holder = await handleHolder(db, handle);
  if (holder === undefined) return;
  if ((await findProfile(db, holder))?.email.toLowerCase() !== email.toLowerCase()) throw handleTaken();
}

/** Chooses the handle of a new account. It has none when another one took the handle at the same moment, as the account is there. */
async function chooseHandle(db: Database, id: number, handle: string): Promise<void> {
  await changeProfile(db, id, { handle }).catch((error: unknown) => {
    if (!(error instanceof Problem && error.code === "conflict")) throw error;
  });
}

/** An access token for a username or email and its password. Throws 403 when they are wrong. */
export async function logIn(
  auth: Auth,
  username: string,
  password: string,
  { clientAddress, scope }: { clientAddress: ClientAddress; scope?: string | undefined },
): Promise<string> {
  const tokens = await auth.passwordGrant(username, password, { clientAddress, ...(scope && { scope }) });
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
