import { z } from "@hono/zod-openapi";
import { cursorParam, limitParam } from "@quintet/http";
import { maxCounted, type PersonCounts, type PersonView } from "../users/people-queries.ts";
import type { PersonRef } from "../users/person-ref.ts";
import type { PeoplePage } from "../visibility/relations.ts";
import { named, toAuthor } from "./author.ts";
import { emailField, emailFor, type Reader } from "./schemas.ts";

/** A person in a path, by id or by `@handle`. */
export const personParams = z.strictObject({
  id: z
    .string()
    .regex(/^(\d+|@[A-Za-z0-9_]{2,30})$/, "must be an id, or @ and a handle")
    .transform((text): PersonRef => (text.startsWith("@") ? { handle: text.slice(1) } : { id: Number(text) }))
    .openapi({
      type: "string",
      pattern: "^(\\d+|@[A-Za-z0-9_]{2,30})$",
      example: "7",
      description: "Id of the user, or `@` and the handle, such as `@ana`",
    }),
});

const person = {
  ...named,
  bio: z.string().describe("What the person says of themselves; may be empty"),
  createdAt: z.iso.datetime().describe("When the profile was created"),
  followed: z.boolean().describe("Whether the caller follows this user"),
  followsYou: z.boolean().describe("Whether this user follows the caller"),
  blocked: z.boolean().describe("Whether the caller blocks this user"),
  muted: z.boolean().describe("Whether the caller mutes this user"),
};

export const personSchema = z.object(person).openapi("Person", { description: "A user in a list" });

const count = (what: string) =>
  z
    .number()
    .int()
    .max(maxCounted)
    .describe(`${what}, of those that the caller may see; ${maxCounted} stands for that many or more`);

export const profileSchema = z
  .object({
    ...person,
    email: emailField,
    followers: count("Number of followers"),
    following: count("Number of users whom this user follows"),
    posts: count("Number of published posts"),
  })
  .openapi("Profile", { description: "The public profile of a user" });

export const peopleSchema = z
  .object({
    users: z.array(personSchema).describe("Newest first; a page may have fewer than `limit` and still have a next one"),
    nextCursor: z.string().nullable().describe("Cursor of the next page; null on the last page"),
  })
  .openapi("People", { description: "One page of users" });

export const peopleQuery = z.strictObject({
  limit: limitParam(20),
  cursor: cursorParam.describe("`nextCursor` of the previous page"),
});

export function toPerson({ profile, followed, followsYou, blocked, muted }: PersonView): z.infer<typeof personSchema> {
  const { bio, createdAt } = profile;
  return { ...toAuthor(profile), bio, createdAt: createdAt.toISOString(), followed, followsYou, blocked, muted };
}

export function toProfile(view: PersonView & PersonCounts, reader: Reader): z.infer<typeof profileSchema> {
  const { followers, following, posts } = view;
  return { ...toPerson(view), ...emailFor(reader, view.profile), followers, following, posts };
}

export function toPeople({ people, nextCursor }: PeoplePage): z.infer<typeof peopleSchema> {
  return { users: people.map(toPerson), nextCursor };
}
