import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  cursorParam,
  decodeCursor,
  encodeCursor,
  errorResponse,
  jsonResponse,
  limitParam,
  noQuery,
  type ServiceEnv,
  unvalidatedJson,
} from "@quintet/http";
import { callerOf } from "../commands/caller.ts";
import { type RedriveTask, redriveStates } from "../commands/redrive-commands.ts";
import type { Deps } from "../deps.ts";
import { integerField, queueNameSchema } from "../queues/settings.ts";
import { cancelRedrive, getRedrive, listRedrives, redrive, startRedrive } from "../transfers/redrives.ts";
import { readOptionalJson } from "./json-text.ts";
import { validate } from "./messages.ts";
import { queueParams } from "./schemas.ts";

const tags = ["named queues"];
const maxBodyBytes = 16_384;
const count = z.number().int();
const time = z.iso.datetime();

const idsMessage = "must be a list of 1 to 100 ids";
export const redriveInputSchema = z
  .strictObject({
    ids: z
      .array(z.string().min(1, "must not be empty").max(100, "must have at most 100 characters"), { error: idsMessage })
      .min(1, idsMessage)
      .max(100, idsMessage)
      .optional()
      .describe("Only messages with these ids, 1 to 100; ids of no message, and of leased ones, are left out"),
    max: integerField(1, 10_000_000).optional().describe("Max number of messages to move; all by default"),
    to: queueNameSchema
      .optional()
      .describe("Queue that the messages go to; by default each goes back to the queue it came from"),
    perSecond: integerField(1, 10_000)
      .optional()
      .describe("Max number of messages to move in a second; the redrive then runs as a task"),
  })
  .openapi("RedriveInput", { description: "What a redrive moves, where to, and how fast" });

const redriveResultSchema = z
  .object({ moved: count.describe("Number of messages moved") })
  .openapi("RedriveResult", { description: "The result of a redrive" });

const redriveSchema = z
  .object({
    id: z.string().describe("Id of the redrive (UUID)"),
    state: z.enum(redriveStates).openapi({ description: "Whether it runs, or how it has ended" }),
    to: z.string().nullable().describe("Queue that the messages go to; null when each goes back where it came from"),
    perSecond: count.nullable().describe("Max number of messages in a second; null for no limit"),
    max: count.nullable().describe("Max number of messages to move; null for all"),
    progress: z
      .object({
        moved: count.describe("Messages moved until now"),
        of: count.describe("Messages to move, as estimated when it began"),
      })
      .describe("How far it is"),
    startedAt: time.describe("When it began"),
    endedAt: time.nullable().describe("When it ended; null while it runs"),
    result: z
      .object({ moved: count.describe("Number of messages moved") })
      .nullable()
      .describe("What it did; null while it runs"),
    error: z.string().nullable().describe("Why it failed; null when it has not"),
  })
  .openapi("Redrive", { description: "A redrive that runs, or ran, as a task" });

const redriveListSchema = z
  .object({
    redrives: z.array(redriveSchema).describe("The redrives of this page, the newest first"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
  })
  .openapi("RedriveList", { description: "One page of the redrives of a queue" });

const listQuery = z.strictObject({
  limit: limitParam(50).describe("Max number of redrives on the page, 1 to 100; 50 by default"),
  cursor: cursorParam,
});
const positionSchema = z.tuple([z.string(), z.number(), z.string()]);

export const redriveParams = queueParams.extend({ id: z.string().min(1).max(100).describe("Id of the redrive") });

/** Adds the routes of redrives: `/queue/queues/{name}/redrive`, `/redrives` and `/redrives/{id}`. */
export function addRedriveRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  app.openAPIRegistry.register("RedriveInput", redriveInputSchema);
  const input = { $ref: "#/components/schemas/RedriveInput" };
  const body = unvalidatedJson<z.input<typeof redriveInputSchema>>(input).body;

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:manage"),
        method: "post",
        path: "/queues/{name}/redrive",
        tags,
        summary: "Redrive dead letters",
        description:
          "Moves the dead letters that are in this queue now. Those of other queues that are ready here go back to the queues they came from, " +
          "if these exist; those of this queue itself (`dead`) become ready again. Messages that were sent to this queue stay. With `to`, " +
          "all of them go to that queue instead, and in a dead-letter queue also messages that were sent to it. A redrive with `perSecond` " +
          "runs as a task, one per queue: its response is a 202 at once, and it goes on when the process that runs it ends.",
        request: { params: queueParams, ...noQuery, body: { ...body, required: false } },
        responses: {
          200: jsonResponse(redriveResultSchema, "Dead letters moved"),
          202: {
            ...jsonResponse(redriveSchema, "Redrive started as a task"),
            headers: { Location: { description: "Path of the redrive", schema: { type: "string" } } },
          },
          409: errorResponse("Another redrive of the queue runs as a task"),
        },
      }),
      async (c) => {
        const { perSecond, ...options } = validate(redriveInputSchema, await readOptionalJson(c.req, maxBodyBytes));
        const { name } = c.req.valid("param");
        const caller = callerOf(c.get("account"));
        if (perSecond === undefined) return c.json({ moved: await redrive(deps, name, options, caller) }, 200);
        const task = await startRedrive(deps, name, { ...options, perSecond }, caller);
        c.header("Location", `${c.req.path}s/${task.id}`);
        return c.json(viewOf(task), 202);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/queues/{name}/redrives",
        tags,
        summary: "List redrives",
        description:
          "Lists the redrives of a queue that run or ran as tasks, the newest first. A queue keeps the last 20.",
        request: { params: queueParams, query: listQuery },
        responses: { 200: jsonResponse(redriveListSchema, "One page of redrives") },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        const { limit, cursor } = c.req.valid("query");
        const all = await listRedrives(deps, name, callerOf(c.get("account")));
        const ofThisList = positionSchema.refine(([of]) => of === `${name} redrives`);
        const after = decodeCursor(deps.cursorKey, cursor, ofThisList);
        const rest = after ? all.filter((one) => comesAfter(one, after[1], after[2])) : all;
        const page = rest.slice(0, limit);
        const last = rest.length > limit ? page.at(-1) : undefined;
        const nextCursor = last ? encodeCursor(deps.cursorKey, [`${name} redrives`, last.startedAt, last.id]) : null;
        return c.json({ redrives: page.map(viewOf), nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/queues/{name}/redrives/{id}",
        tags,
        summary: "Get a redrive",
        description: "Gets the state and the progress of a redrive that runs or ran as a task.",
        request: { params: redriveParams, ...noQuery },
        responses: { 200: jsonResponse(redriveSchema, "The redrive") },
      }),
      async (c) => {
        const { name, id } = c.req.valid("param");
        return c.json(viewOf(await getRedrive(deps, name, id, callerOf(c.get("account")))), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:manage"),
        method: "delete",
        path: "/queues/{name}/redrives/{id}",
        tags,
        summary: "Cancel a redrive",
        description: "Cancels a redrive that runs as a task. What it has moved stays where it is.",
        request: { params: redriveParams, ...noQuery },
        responses: {
          204: { description: "Redrive cancelled" },
          409: errorResponse("The redrive has completed or failed"),
        },
      }),
      async (c) => {
        const { name, id } = c.req.valid("param");
        await cancelRedrive(deps, name, id, callerOf(c.get("account")));
        return c.body(null, 204);
      },
    );
}

/** Whether a redrive comes after a position in the list, which has the newest first. */
function comesAfter(task: RedriveTask, startedAt: number, id: string): boolean {
  return task.startedAt < startedAt || (task.startedAt === startedAt && task.id > id);
}

function viewOf({ id, state, to, perSecond, max, moved, of, startedAt, endedAt, error }: RedriveTask) {
  return {
    id,
    state,
    to: to ?? null,
    perSecond: perSecond ?? null,
    max: max ?? null,
    progress: { moved, of },
    startedAt: new Date(startedAt).toISOString(),
    endedAt: endedAt === undefined ? null : new Date(endedAt).toISOString(),
    result: state === "running" ? null : { moved },
    error: error ?? null,
  };
}
