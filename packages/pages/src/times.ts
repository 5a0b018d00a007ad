import { html } from "hono/html";
import type { Html } from "./html.ts";

/** Made when it is first used: it takes 13 ms. */
let format: Intl.DateTimeFormat | undefined;

/** A time as people read it: `22 Nov 2026, 03:18 UTC`. */
export function shownTime(at: Date | string): Html {
  const date = typeof at === "string" ? new Date(at) : at;
  format ??= new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  return html`<time datetime="${date.toISOString()}">${format.format(date)} UTC</time>`;
}
