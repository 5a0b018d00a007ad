import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import { type Account, guards } from "@quintet/auth";
import { errorResponse, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { personFinder } from "../users/people-queries.ts";
import { type PersonRef, personIds } from "../users/person-ref.ts";
import { getPerson } from "../users/users.ts";
import { createRelationLists, createRelations, type RelationList } from "../visibility/relations.ts";
import { peopleQuery, peopleSchema, personParams, toPeople } from "./person-schemas.ts";

const tags = ["social"];

/** What an account does to another one, and what it means. */
const verbs = {
  follow: {
    put: "Follow a user",
    delete: "Unfollow a user",
    description:
      "Follows a user. The user must be visible to the caller, and not be blocked by the caller. An account follows at most 5,000.",
    409: "The caller blocks the user, or follows 5,000 users already",
  },
  block: {
    put: "Block a user",
    delete: "Unblock a user",
    description:
      "Blocks a user: neither sees anything of the other from now on, and follows between the two end. An account blocks at most 5,000.",
    409: "The caller blocks 5,000 users already",
  },
  mute: {
    put: "Mute a user",
    delete: "Unmute a user",
    description:
      "Mutes a user: the caller sees nothing of what the user writes from now on. The user cannot tell. An account mutes at most 5,000.",
    409: "The caller mutes 5,000 users already",
  },
} as const;

type Verb = keyof typeof verbs;

/** Adds the routes that follow, block and mute users and list those relations. */
export function addRelationRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { db } = deps.database;
  const guard = guards(deps.auth);
  const relations = createRelations(db, deps.profiles);
  const listRelations = createRelationLists(db, deps.cursorKey);
  const idOf = personIds(db);
  const findPerson = personFinder(db);
  const unknown = errorResponse("There is no such user, or the caller may not see the user");
  const self = errorResponse("The user is the caller");
  const onePage = jsonResponse(peopleSchema, "One page of users");

  const { follow, unfollow, block, unblock, mute, unmute } = relations;

  const putting = (verb: Verb) => ({
    ...guard.account("social:write"),
    method: "put" as const,
    tags,
    summary: verbs[verb].put,
    description: `${verbs[verb].description} Repeating it changes nothing.`,
    request: { ...noQuery, params: personParams },
    responses: { 204: { description: "Done" }, 404: unknown, 409: errorResponse(verbs[verb][409]), 422: self },
  });
  const ending = (verb: Verb) => ({
    ...guard.account("social:write"),
    method: "delete" as const,
    tags,
    summary: verbs[verb].delete,
    description: "Ends what `PUT` began. Succeeds also where there is nothing to end.",
    request: { ...noQuery, params: personParams },
    responses: { 204: { description: "Done" }, 404: errorResponse("There is no such handle"), 422: self },
  });
  const listing = (summary: string, what: string) => ({
    ...guard.account("social:read"),
    method: "get" as const,
    tags,
    summary,
    description: `Lists ${what}, the newest first, without those whom the caller may not see, blocks or mutes.`,
    request: { query: peopleQuery, params: personParams },
    responses: { 200: onePage, 404: unknown },
  });
  const listingOwn = (summary: string, what: string) => ({
    ...guard.account("social:read"),
    method: "get" as const,
    tags,
    summary,
    description: `Lists ${what}, the newest first.`,
    request: { query: peopleQuery },
    responses: { 200: onePage },
  });
  /** One page of a list about the user in the path. */
  const pageOf = async (list: RelationList, viewer: Account, ref: PersonRef, query: z.infer<typeof peopleQuery>) => {
    const { profile } = await getPerson(findPerson, viewer.id, await idOf(ref));
    return toPeople(await listRelations(list, profile.id, viewer.id, query));
  };

  return app
    .openapi(createRoute({ ...putting("follow"), path: "/users/{id}/follow" }), async (c) => {
      await follow(c.var.account, await idOf(c.req.valid("param").id));
      return c.body(null, 204);
    })
    .openapi(createRoute({ ...ending("follow"), path: "/users/{id}/follow" }), async (c) => {
      await unfollow(c.var.account, await idOf(c.req.valid("param").id));
      return c.body(null, 204);
    })
    .openapi(createRoute({ ...putting("block"), path: "/users/{id}/block" }), async (c) => {
      await block(c.var.account, await idOf(c.req.valid("param").id));
      return c.body(null, 204);
    })
    .openapi(createRoute({ ...ending("block"), path: "/users/{id}/block" }), async (c) => {
      await unblock(c.var.account, await idOf(c.req.valid("param").id));
      return c.body(null, 204);
    })
    .openapi(createRoute({ ...putting("mute"), path: "/users/{id}/mute" }), async (c) => {
      await mute(c.var.account, await idOf(c.req.valid("param").id));
      return c.body(null, 204);
    })
    .openapi(createRoute({ ...ending("mute"), path: "/users/{id}/mute" }), async (c) => {
      await unmute(c.var.account, await idOf(c.req.valid("param").id));
      return c.body(null, 204);
    })
    .openapi(
      createRoute({ ...listing("List followers", "who follows a user"), path: "/users/{id}/followers" }),
      async (c) => c.json(await pageOf("followers", c.var.account, c.req.valid("param").id, c.req.valid("query")), 200),
    )
    .openapi(
      createRoute({ ...listing("List followed users", "whom a user follows"), path: "/users/{id}/following" }),
      async (c) => c.json(await pageOf("following", c.var.account, c.req.valid("param").id, c.req.valid("query")), 200),
    )
    .openapi(
      createRoute({ ...listingOwn("List blocked users", "whom the caller blocks"), path: "/users/me/blocks" }),
      async (c) => {
        const { id } = c.var.account;
        return c.json(toPeople(await listRelations("blocks", id, id, c.req.valid("query"))), 200);
      },
    )
    .openapi(
      createRoute({ ...listingOwn("List muted users", "whom the caller mutes"), path: "/users/me/mutes" }),
      async (c) => {
        const { id } = c.var.account;
        return c.json(toPeople(await listRelations("mutes", id, id, c.req.valid("query"))), 200);
      },
    );
}
