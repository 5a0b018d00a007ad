import { expect } from "vitest";
import type { Client } from "../../harness/client.ts";
import type { Installation } from "../../harness/installation.ts";
import { unique } from "../../harness/values.ts";

export interface User {
  id: number;
  firstName: string;
  lastName: string;
  email?: string;
  bio: string;
}

export interface Page {
  users: User[];
  total: number;
  totalIsExact: boolean;
  nextCursor: string | null;
  prevCursor: string | null;
}

/** A name of letters only, as people have them, that no other test uses. */
export function unusualName(start: string): string {
  const digits = unique("").slice(1);
  return start + digits.replaceAll(/\d/g, (digit) => "ghijklmnop".charAt(Number(digit)));
}

/** What the tests of the directory do with its users; each test makes its own, with names that only it uses. */
export function peopleOf({ anyone, staff }: Installation) {
  const search = async (query: Record<string, string | number>, by: Client = anyone) => {
    const answer = await by.get("/directory/users", query);
    expect(answer.status, answer.text).toBe(200);
    return answer.json() as unknown as Page;
  };
  return {
    search,
    idsOf: async (query: Record<string, string | number>) => (await search(query)).users.map(({ id }) => id),
    async add(fields: Partial<User> = {}): Promise<{ user: User; etag: string }> {
      const email = `${unique("q")}@example.com`;
      const input = { firstName: "Ana", lastName: unusualName("Q"), email, bio: "Likes tea.", ...fields };
      const made = await staff.post("/directory/users", input);
      expect(made.status, made.text).toBe(201);
      return { user: made.json() as unknown as User, etag: String(made.headers.etag) };
    },
  };
}
