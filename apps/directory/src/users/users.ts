import { type PostgresQueries, postgresProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { Deps } from "../deps.ts";
import type { User } from "./user.ts";
import type { NewUser, UserChange } from "./user-input.ts";
import { deleteUser, doneTable, findUser, insertUser, isEmailTaken, updateUser } from "./user-queries.ts";
import { matchingVersion } from "./versions.ts";

/** A user by id; throws `not-found`. */
export async function getUser({ postgres: sql }: Pick<Deps, "postgres">, id: number): Promise<User> {
  const user = await findUser(sql, id);
  if (!user) throw new Problem("not-found", `User ${id} not found.`);
  return user;
}

/** Creates a user, once per Idempotency-Key; throws `conflict` when the email is taken. */
export async function createUser(
  { postgres: sql }: Pick<Deps, "postgres">,
  input: NewUser,
  request?: KeyedRequest,
): Promise<User> {
  const add = async (on: PostgresQueries) => {
    const user = await insertUser(on, input);
    if (!user) throw emailTaken();
    return user;
  };
  if (request === undefined) return add(sql);
  return sql.begin((tx) => runOnce(postgresProcessedRequests(tx, doneTable), request, () => add(tx)));
}

/**
 * Updates a user if `ifMatch`, an If-Match header or `*`, names its current version. A change to equal values keeps the version.
 * Throws `not-found`, `precondition-required`, `precondition-failed` or `conflict`.
 */
export async function changeUser(
  { postgres: sql }: Pick<Deps, "postgres">,
  id: number,
  change: UserChange,
  ifMatch: string | undefined,
): Promise<User> {
  const present = await getUser({ postgres: sql }, id);
  if (ifMatch === undefined) {
    throw new Problem("precondition-required", "If-Match is required: the ETag that the change is based on, or *.");
  }
  const version = matchingVersion(ifMatch, present);
  if (Object.entries(change).every(([field, value]) => present[field as keyof UserChange] === value)) return present;
  const user = await updateUser(sql, id, version, change).catch((error: unknown) => {
    throw isEmailTaken(error) ? emailTaken() : error;
  });
  if (!user) throw await missingOrChanged({ postgres: sql }, id);
  return user;
}

/** Deletes a user if `ifMatch` is absent or names its current version; throws as `changeUser` does. */
export async function removeUser(
  { postgres: sql }: Pick<Deps, "postgres">,
  id: number,
  ifMatch: string | undefined,
): Promise<void> {
  const version = ifMatch === undefined ? undefined : matchingVersion(ifMatch, await getUser({ postgres: sql }, id));
  if (!(await deleteUser(sql, id, version))) throw await missingOrChanged({ postgres: sql }, id);
}

/** Why a write found no row: throws `not-found`, or returns `precondition-failed`. */
async function missingOrChanged(deps: Pick<Deps, "postgres">, id: number): Promise<Problem> {
  await getUser(deps, id);
  return new Problem("precondition-failed", "The user has been changed in the meantime.");
}

function emailTaken(): Problem {
  const message = "belongs to another user";
  return new Problem("conflict", `email: ${message}`, { errors: [{ path: "email", message }] });
}
