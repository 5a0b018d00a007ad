import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  cursorParam,
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  jsonResponse,
  limitParam,
  never404,
  noQuery,
  type ServiceEnv,
  unvalidatedJson,
} from "@quintet/http";
import { nextPage, type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import type { MessageInput } from "../messages/send.ts";
import { schedulesPage } from "../pages/list-pages.ts";
import {
  deleteSchedule,
  getSchedule,
  listSchedules,
  putSchedule,
  type ScheduleView,
  scheduleInputSchema,
  scheduleNameSchema,
} from "../schedules/schedules.ts";
import { jsonTextResponse, readJsonText } from "./json-text.ts";
import { maxBodyBytes, validate, withPayload } from "./messages.ts";
import {
  type Schedule,
  type ScheduleList,
  scheduleInput,
  scheduleListSchema,
  scheduleSchema,
} from "./schedule-schemas.ts";

const tags = ["schedules"];
const params = z.strictObject({ name: scheduleNameSchema.describe("Name of the schedule") });
const listQuery = z.strictObject({
  limit: limitParam(50).describe("Max number of schedules on the page, 1 to 100; 50 by default"),
  cursor: cursorParam,
});

/** Adds the routes of recurring messages: `/queue/schedules` and `/queue/schedules/{name}`. */
export function addScheduleRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  app.openAPIRegistry.register("ScheduleInput", scheduleInput);
  const input = { $ref: "#/components/schemas/ScheduleInput" };

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:send"),
        [never404]: true as const,
        method: "put",
        path: "/schedules/{name}",
        tags,
        summary: "Create or replace a schedule",
        description:
          "Sends a message to a queue at every time of a cron expression, in the name of this account, whose right to send is checked each " +
          "time. Exactly one message is sent for each time. When nobody could send at one or several times in a row, one message is sent as " +
          "soon as it is possible again. An account may have up to 100 schedules.",
        request: { params, ...noQuery, ...unvalidatedJson<z.input<typeof scheduleInputSchema>>(input) },
        responses: {
          200: jsonResponse(scheduleSchema, "Schedule replaced"),
          201: jsonResponse(scheduleSchema, "Schedule created"),
          429: errorResponse("The account has too many schedules"),
        },
      }),
      async (c) => {
        const { text, value } = await readJsonText(c.req, maxBodyBytes);
        const { cron, queue, timeZone, ...fields } = validate(scheduleInputSchema, value);
        const { name } = c.req.valid("param");
        const { account } = c.var;
        const message = withPayload(fields, text);
        const created = await putSchedule(deps.schedules, name, account, { cron, queue, timeZone, message });
        const shown = scheduleText(await getSchedule(deps.schedules, name, account));
        if (!created) return jsonTextResponse<Schedule, 200>(c, shown, 200);
        c.header("Location", c.req.path);
        return jsonTextResponse<Schedule, 201>(c, shown, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/schedules",
        tags,
        summary: "List schedules",
        description:
          "Lists the schedules of this account by name; for staff, those of all accounts. `Accept: text/html` gets a page.",
        request: { query: listQuery },
        responses: {
          200: {
            description: "One page of schedules",
            content: { ...jsonResponse(scheduleListSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = decodeCursor(deps.cursorKey, cursor, scheduleNameSchema);
        const { found, last } = await listSchedules(deps.schedules, c.var.account, { limit, after });
        const nextCursor = last === undefined ? null : encodeCursor(deps.cursorKey, last);
        if (prefersHtml(c.req.header("accept"), false)) {
          const views = found.map(({ view }) => view);
          return sendPage(c, frame, { title: "Schedules", body: schedulesPage(views, nextPage(c, nextCursor)) });
        }
        const list = `{"schedules":[${found.map(scheduleText).join(",")}],"nextCursor":${JSON.stringify(nextCursor)}}`;
        return jsonTextResponse<ScheduleList, 200>(c, list, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/schedules/{name}",
        tags,
        summary: "Get a schedule",
        description: "Gets a schedule with its message, its next and last time and the last error.",
        request: { params, ...noQuery },
        responses: { 200: jsonResponse(scheduleSchema, "The schedule") },
      }),
      async (c) => {
        const found = await getSchedule(deps.schedules, c.req.valid("param").name, c.var.account);
        return jsonTextResponse<Schedule, 200>(c, scheduleText(found), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:send"),
        method: "delete",
        path: "/schedules/{name}",
        tags,
        summary: "Delete a schedule",
        description: "Deletes a schedule of this account; staff may delete any. Messages that were sent stay.",
        request: { params, ...noQuery },
        responses: { 204: { description: "Schedule deleted" } },
      }),
      async (c) => {
        await deleteSchedule(deps.schedules, c.req.valid("param").name, c.var.account);
        return c.body(null, 204);
      },
    );
}

/** The JSON text of a schedule; its body is the text that was sent. */
function scheduleText({ view, message }: { view: ScheduleView; message: MessageInput }): string {
  const { payload, ...fields } = message;
  return `${JSON.stringify({ ...view, ...fields }).slice(0, -1)},"body":${payload}}`;
}
