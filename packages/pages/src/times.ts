import { html } from "hono/html";
import type { Html } from "./html.ts";

const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/** A time as people read it: `22 Nov 2026, 03:18 UTC`. */
export function shownTime(at: Date | string): Html {
  const date = typeof at === "string" ? new Date(at) : at;
  return html`<time datetime="${date.toISOString()}">${format.format(date)} UTC</time>`;
}
