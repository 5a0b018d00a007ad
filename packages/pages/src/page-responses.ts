import { Problem, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import type { Refusal } from "./action-pages.ts";
import type { AssetName } from "./assets.ts";
import type { PageFrame, PageRequest } from "./frame.ts";
import type { Html } from "./html.ts";
import { page, pageHeaders, policyWithImages } from "./page.ts";

/** What a page shows, and its status. */
interface ShownPage {
  title: string;
  body: Html;
  scripts?: AssetName[];
  styles?: AssetName[];
  /** An origin whose images the page shows, as the Content-Security-Policy has it. */
  imagesFrom?: string | undefined;
  status?: 200 | 412 | RefusedStatus;
}

/** Statuses with which a form is shown again. */
type RefusedStatus = 400 | 403 | 409 | 413 | 422 | 429 | 503;

/** Sends a page, which nobody caches: it depends on the account, and on what changes at any time. */
export async function sendPage<E extends ServiceEnv>(
  c: Context<E>,
  frame: PageFrame,
  content: ShownPage,
): Promise<Response> {
  const { status = 200, imagesFrom, ...shown } = content;
  for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
  if (imagesFrom !== undefined) c.header("Content-Security-Policy", policyWithImages(imagesFrom));
  c.header("Cache-Control", "no-store");
  c.header("Vary", "Accept", { append: true });
  return c.html(await page(c as unknown as PageRequest, frame, shown), status);
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
