import type { html } from "hono/html";

/** What `hono/html` makes: text whose values are escaped already. */
export type Html = ReturnType<typeof html>;
