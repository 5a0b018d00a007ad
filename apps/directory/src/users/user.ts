/** A user of the directory. */
export interface User {
  id: number;
  firstName: string;
  lastName: string;
  email: string;
  bio: string;
  /** Increased by one with every change. */
  version: number;
}

/** A user's position in the directory's order: by last name, first name, id. The names are keys (`directory.name_key`). */
export interface Position {
  last: string;
  first: string;
  id: number;
}

/** A range of positions in the directory's order, both ends included. */
export interface Span {
  from: Position;
  to: Position;
}

/** After all users: U+10FFFF is a noncharacter that no name contains. */
export const endPosition: Position = { last: "\u{10FFFF}", first: "", id: 0 };

/** Whether a position comes before another, as in Postgres: by the bytes of the keys. */
export function isBefore(one: Position, other: Position): boolean {
  const byLast = Buffer.compare(Buffer.from(one.last), Buffer.from(other.last));
  const byFirst = Buffer.compare(Buffer.from(one.first), Buffer.from(other.first));
  return (byLast || byFirst || one.id - other.id) < 0;
}

/** A user as the database returns it. */
export interface UserRow {
  id: string;
  first_name: string;
  last_name: string;
  email: string;
  bio: string;
  version: number;
}

export function toUser(row: UserRow): User {
  return {
    id: Number(row.id),
    firstName: row.first_name,
    lastName: row.last_name,
    email: row.email,
    bio: row.bio,
    version: row.version,
  };
}
