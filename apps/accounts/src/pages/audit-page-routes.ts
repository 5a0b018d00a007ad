import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { cursorParam, type ServiceEnv, wholeNumber } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import { auditActions, type ReadEvent } from "../audit/audit-queries.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { StaffLists } from "../staff-lists.ts";
import { auditPage, type ShownEvent } from "./audit-pages.ts";
import { pageAnswer, showPage } from "./section.ts";

const perPage = 50;
const account = wholeNumber(1, 2 ** 31 - 1).optional();
const query = z.strictObject({
  accountId: account.openapi({ description: "Only events about this account" }),
  actorId: account.openapi({ description: "Only events caused by this account" }),
  // A form sends an empty one for everything.
  action: z
    .union([z.enum(auditActions), z.literal("")])
    .optional()
    .openapi({ description: "Only events of this kind; empty: all" }),
  cursor: cursorParam,
});

/** Lines of the audit log with the usernames of those whom they name. */
export async function named(auth: LocalAuth, events: ReadEvent[]): Promise<ShownEvent[]> {
  const ids = events.flatMap(({ actorId, accountId }) => [actorId, accountId]).filter((id) => id !== null);
  const names = await auth.staff.usernames(ids);
  const nameOf = (id: number | null) => (id === null ? undefined : names.get(id));
  return events.map((event) => ({ ...event, actor: nameOf(event.actorId), account: nameOf(event.accountId) }));
}

/** The page of the audit log. */
export function addAuditPage(
  app: OpenAPIHono<ServiceEnv>,
  { auth, lists, frame }: { auth: LocalAuth; lists: StaffLists; frame: PageFrame },
): void {
  const show = createRoute({
    ...guards(auth).staff("accounts:manage"),
    method: "get",
    path: "/staff/audit",
    tags: ["accounts: pages"],
    summary: "The page of the audit log (staff)",
    request: { query },
    responses: pageAnswer("A page of it"),
  });
  app.openapi(show, async (c) => {
    const { cursor, accountId, actorId, ...rest } = c.req.valid("query");
    const action = rest.action === "" ? undefined : rest.action;
    const { rows, nextCursor } = await lists.events({ accountId, actorId, action, limit: perPage, cursor });
    const filters = Object.entries({ accountId, actorId, action }).filter(([, value]) => value !== undefined);
    const one = accountId ?? actorId;
    const name = one === undefined ? undefined : (await auth.staff.usernames([one])).get(one);
    const about = accountId === undefined ? "Only what was done by" : "Only what was done to";
    const body = auditPage({
      events: await named(auth, rows),
      filter: Object.fromEntries(filters.map(([key, value]) => [key, String(value)])),
      action,
      about: one === undefined ? undefined : `${about} ${name ?? `account ${one}`}.`,
      isFirst: cursor === undefined,
      next: nextCursor,
    });
    return showPage(c, frame, { title: "Audit log", body });
  });
}
