import { parse } from "hono/utils/cookie";
import type { PageRequest } from "./frame.ts";

/** What a page can say once about the request before it. */
const notices = {
  added: "Added.",
  saved: "Saved.",
  deleted: "Deleted.",
  sent: "Sent.",
  moved: "Moved.",
  cancelled: "Cancelled.",
  restored: "Restored.",
  undone: "Undone.",
  verified: "Verified.",
};

export type Notice = keyof typeof notices;

const cookie = "quintet-notice";

/** Leaves a notice for the page that the browser is sent to, in a cookie that the next page takes away. */
export function leaveNotice(c: Pick<PageRequest, "header">, notice: Notice): void {
  c.header("Set-Cookie", `${cookie}=${notice}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax`, { append: true });
}

/** The notice for this page, if there is one. It is shown once. */
export function takeNotice(c: Pick<PageRequest, "req" | "header">): string | undefined {
  const header = c.req.header("cookie");
  if (!header?.includes(cookie)) return undefined;
  const name = parse(header, cookie)[cookie];
  if (name === undefined) return undefined;
  c.header("Set-Cookie", `${cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`, { append: true });
  return Object.hasOwn(notices, name) ? notices[name as Notice] : undefined;
}
