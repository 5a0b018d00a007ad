import type { AccountEnv } from "@quintet/auth";
import { Problem } from "@quintet/http";
import { type AssetName, type Html, type PageFrame, page, pageHeaders } from "@quintet/pages";
import type { Context } from "hono";
import type { Refusal } from "../pages/action-pages.ts";

/** What a page shows, and its status. */
interface ShownPage {
  title: string;
  body: Html;
  scripts?: AssetName[];
  status?: 200 | RefusedStatus;
}

/** Statuses with which a form is shown again. */
type RefusedStatus = 400 | 403 | 409 | 413 | 422 | 429 | 503;

/** Sends a page, which nobody caches: it depends on the account and on the queues. */
export async function sendPage(c: Context<AccountEnv>, frame: PageFrame, content: ShownPage): Promise<Response> {
  const { status = 200, ...shown } = content;
  for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
  c.header("Cache-Control", "no-store");
  c.header("Vary", "Accept", { append: true });
  return c.html(await page(c, frame, shown), status);
}

/** The address of the next page of a list, or undefined at its end. */
export function nextPage(c: Context, nextCursor: string | null): string | undefined {
  return nextCursor === null ? undefined : `${c.req.path}?${new URLSearchParams({ cursor: nextCursor })}`;
}

/** Why a form was not accepted, to be shown at the form; any other error is thrown again. */
export function refusalOf(c: Context, error: unknown, heading: string): Refusal & { status: RefusedStatus } {
  if (!(error instanceof Problem)) throw error;
  const { status, errors = [] } = error;
  if (![400, 403, 409, 413, 422, 429, 503].includes(status)) throw error;
  for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
  return { heading: errors.length > 0 ? heading : error.message, faults: errors, status: status as RefusedStatus };
}
