import type { PostgresQueries, PostgresSql } from "@quintet/db";
import { toUser, type User, type UserRow } from "./user.ts";
import type { NewUser, UserChange } from "./user-input.ts";

/** The table that records processed requests by their Idempotency-Key. */
export const doneTable = "directory.done_requests";

const columns = ["id", "first_name", "last_name", "email", "bio", "version"] as const;

export async function findUser(sql: PostgresSql, id: number): Promise<User | undefined> {
  const [row] = await sql<UserRow[]>`SELECT ${sql(columns)} FROM directory.users WHERE id = ${id}`;
  return row && toUser(row);
}

/** Stores a user; `undefined` when the email belongs to another user. */
export async function insertUser(sql: PostgresQueries, user: NewUser): Promise<User | undefined> {
  const [row] = await sql<UserRow[]>`
    INSERT INTO directory.users (first_name, last_name, email, bio)
    VALUES (${user.firstName}, ${user.lastName}, ${user.email}, ${user.bio})
    ON CONFLICT (lower(email)) DO NOTHING
    RETURNING ${sql(columns)}`;
  return row && toUser(row);
}

/**
 * Updates a user if it is at `version`, or at any version when that is undefined. `undefined` when no row matches; throws when the
 * email is taken, see `isEmailTaken`.
 */
export async function updateUser(
  sql: PostgresSql,
  id: number,
  version: number | undefined,
  change: UserChange,
): Promise<User | undefined> {
  const [row] = await sql<UserRow[]>`
    UPDATE directory.users SET
      first_name = coalesce(${change.firstName ?? null}, first_name),
      last_name = coalesce(${change.lastName ?? null}, last_name),
      email = coalesce(${change.email ?? null}, email),
      bio = coalesce(${change.bio ?? null}, bio),
      version = version + 1,
      updated_at = now()
    WHERE id = ${id} AND version = coalesce(${version ?? null}, version)
    RETURNING ${sql(columns)}`;
  return row && toUser(row);
}

/** Deletes a user if it is at `version`, or at any version when that is undefined. Whether a row was deleted. */
export async function deleteUser(sql: PostgresSql, id: number, version: number | undefined): Promise<boolean> {
  const { count } = await sql`
    DELETE FROM directory.users WHERE id = ${id} AND version = coalesce(${version ?? null}, version)`;
  return count > 0;
}

/** Whether an error says that the email belongs to another user. */
export function isEmailTaken(error: unknown): boolean {
  return error instanceof Error && "constraint_name" in error && error.constraint_name === "users_email";
}
