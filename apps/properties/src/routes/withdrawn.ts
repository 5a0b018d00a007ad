import type { MaybeAccountEnv } from "@quintet/auth";
import { Problem } from "@quintet/http";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import type { Property } from "../properties/property.ts";
import { readWithdrawn } from "../properties/withdrawals.ts";
import { dateCursor, datePosition } from "./cursors.ts";

const parameters = ["withdrawn", "limit", "cursor"];

/** A page of the withdrawn properties, for `GET /properties?withdrawn=true`. Throws `forbidden`, or a 400 for a parameter of searches. */
export async function withdrawnPage(
  c: Context<MaybeAccountEnv>,
  { db, cursorKey }: Pick<Deps, "db" | "cursorKey">,
  page: { limit: number; cursor: string | undefined },
): Promise<{ status: "success"; properties: Property[]; nextCursor: string | null }> {
  if (!c.var.account?.isStaff) throw new Problem("forbidden", "Only staff may list withdrawn properties.");
  const path = Object.keys(c.req.query()).find((name) => !parameters.includes(name));
  if (path !== undefined) {
    const message = "must not be combined with withdrawn";
    throw new Problem("bad-request", `${path}: ${message}`, { errors: [{ path, message }] });
  }
  const after = page.cursor === undefined ? undefined : datePosition(cursorKey, "withdrawn", page.cursor);
  const { properties, end } = await readWithdrawn(db, { limit: page.limit, after });
  return { status: "success", properties, nextCursor: end ? dateCursor(cursorKey, "withdrawn", end) : null };
}
