import { z } from "@hono/zod-openapi";
import { handleOf } from "../users/handles.ts";

/** How a person is named in everything that he or she writes. */
export const named = {
  id: z.number().int().describe("Id of the user, the same as of the account"),
  handle: z.string().nullable().describe("Handle without `@`; null once the profile is deleted"),
  displayName: z.string().describe("Name to show; may be empty"),
};

export const authorSchema = z.object(named).openapi("Author", { description: "Who wrote something" });

type AuthorFields = Parameters<typeof handleOf>[0] & { displayName: string };

export function toAuthor(profile: AuthorFields): z.infer<typeof authorSchema> {
  return { id: profile.id, handle: handleOf(profile), displayName: profile.displayName };
}
