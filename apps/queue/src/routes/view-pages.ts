import type { AccountEnv } from "@quintet/auth";
import { decodeCursor, encodeCursor } from "@quintet/http";
import { type PageFrame, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { z } from "zod";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import type { Figures } from "../figures/figures.ts";
import { ratesOf } from "../figures/rates.ts";
import { getMessage, listMessages } from "../messages/browse.ts";
import { messagePage, shownBodyBytes } from "../pages/message-page.ts";
import { listedBodyBytes, messagesPage } from "../pages/messages-page.ts";
import { type OverviewQuery, overviewPage, queuesPerPage } from "../pages/overview.ts";
import { queuePage } from "../pages/queue-page.ts";
import { allowedTo, getAccess } from "../queues/access.ts";
import { getQueue } from "../queues/queues.ts";
import { listRedrives } from "../transfers/redrives.ts";
import { type listMessagesQuery, positionIn } from "./browse-schemas.ts";

type PageContext = Context<AccountEnv>;

/** How many queues an account sees that is not staff: the first ones by name. */
const maxReadable = 1000;

/** The figures of the queues that the account may read, those that need attention first. */
async function readableFigures(c: PageContext, deps: Deps): Promise<Figures[]> {
  const { account } = c.var;
  const all = deps.readFigures();
  if (account.isStaff) return all;
  const { names } = await deps.registry.readableNames(callerOf(account), { after: undefined, max: maxReadable });
  const readable = new Set(names);
  return (await all).filter(({ name }) => readable.has(name));
}

/** The page of all queues, of which the query selects some. */
export async function sendOverview(
  c: PageContext,
  deps: Deps,
  frame: PageFrame,
  query: OverviewQuery,
): Promise<Response> {
  deps.sweep.start();
  const [all, broken, simple] = await Promise.all([
    readableFigures(c, deps),
    c.var.account.isStaff ? deps.due.listBroken() : ({} as Record<string, string>),
    deps.simple
      .of(c.var.account)
      .count()
      .catch(() => undefined),
  ]);
  const selected = select(all, query);
  const shown = selected.slice((query.page - 1) * queuesPerPage, query.page * queuesPerPage);
  const minutes = await ratesOf(deps.figures, shown);
  const shownBroken = Object.entries(broken).map(([name, why]) => ({ name, why }));
  const body = overviewPage({ query, all, selected, minutes, broken: shownBroken, simple });
  return sendPage(c, frame, { title: "Queues", body, scripts: ["live-results.js", "refresh.js"] });
}

/** The queues with this in their name, in this order; `all` is in the order of attention. */
function select(all: Figures[], { name, order }: OverviewQuery): Figures[] {
  const found = all.filter((one) => one.name.toLowerCase().includes(name.toLowerCase()));
  if (order === "attention") return found;
  const byName = (a: Figures, b: Figures) => (a.name < b.name ? -1 : 1);
  return found.sort(order === "name" ? byName : (a, b) => b.length - a.length || byName(a, b));
}

/** The page of one queue. */
export async function sendQueue(c: PageContext, deps: Deps, frame: PageFrame, name: string): Promise<Response> {
  const queue = await getQueue(deps, name, callerOf(c.var.account));
  const caller = callerOf(c.var.account);
  const [[minutes = []], [redrive]] = await Promise.all([
    ratesOf(deps.figures, [{ name, createdAt: Date.parse(queue.createdAt) }]),
    listRedrives(deps, name, caller),
  ]);
  const allowed = allowedTo(c.var.account, { owner: queue.owner, ...queue.access });
  const body = queuePage({ queue, minutes, redrive, allowed, isStaff: c.var.account.isStaff });
  return sendPage(c, frame, { title: name, body, scripts: ["refresh.js"] });
}

/** The page of the messages of a queue that the query selects. */
export async function sendMessages(
  c: PageContext,
  deps: Deps,
  frame: PageFrame,
  { name, query }: { name: string; query: z.output<typeof listMessagesQuery> },
): Promise<Response> {
  const { limit, cursor, ...filter } = query;
  const { state = "", groupId = "", id = "" } = filter;
  const list = JSON.stringify([name, filter]);
  const after = decodeCursor(deps.cursorKey, cursor, positionIn(list));
  const wanted = { ...filter, maxBodyBytes: listedBodyBytes };
  const commands = deps.commands.as(callerOf(c.var.account));
  const { messages, next } = await listMessages(commands, name, wanted, { limit, after });
  const body = messagesPage({
    name,
    query: { state, groupId, id },
    messages,
    next: next === undefined ? null : encodeCursor(deps.cursorKey, [list, ...next]),
    isFirst: cursor === undefined,
  });
  return sendPage(c, frame, { title: `Messages of ${name}`, body, scripts: ["refresh.js"] });
}

/** The page of one message. */
export async function sendMessage(
  c: PageContext,
  deps: Deps,
  frame: PageFrame,
  { name, id }: { name: string; id: string },
): Promise<Response> {
  const commands = deps.commands.as(callerOf(c.var.account));
  const [message, access] = await Promise.all([
    getMessage(commands, name, id, { maxBodyBytes: shownBodyBytes }),
    getAccess(deps, name, callerOf(c.var.account)),
  ]);
  const body = messagePage({ name, message, allowed: allowedTo(c.var.account, access), now: Date.now() });
  return sendPage(c, frame, { title: "Message", body });
}
