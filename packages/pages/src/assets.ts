import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Hono } from "hono";

/** What is served, and the files of `assets/` that it is put together from. */
const served = {
  "style.css": {
    type: "text/css; charset=utf-8",
    from: ["base.css", "forms.css", "tables.css", "parts.css", "plots.css"],
  },
  "live-results.js": { type: "text/javascript; charset=utf-8", from: ["live-results.js"] },
  "refresh.js": { type: "text/javascript; charset=utf-8", from: ["refresh.js"] },
  "icon.svg": { type: "image/svg+xml", from: ["icon.svg"] },
};

export type AssetName = keyof typeof served;

/** The files that pages need in a browser, below one app's prefix. */
export interface PageAssets {
  /** The path of a file; it changes whenever the file does. */
  url(name: AssetName): string;
  /** Serves the files; goes below `{prefix}/assets`. */
  routes: Hono;
}

/**
 * The stylesheet, scripts and icon of the pages of the app that owns `prefix`. Reads the files once. Their names carry a
 * digest of their content, so that a browser may keep them for a year.
 */
export function pageAssets(prefix: string): PageAssets {
  const files = new Map<string, { body: Buffer<ArrayBuffer>; type: string }>();
  const urls = new Map<AssetName, string>();
  for (const name of Object.keys(served) as AssetName[]) {
    const { type, from } = served[name];
    const body = Buffer.concat(from.map((file) => readFileSync(new URL(`assets/${file}`, import.meta.url))));
    const digest = createHash("sha256").update(body).digest("hex").slice(0, 12);
    const file = name.replace(".", `-${digest}.`);
    files.set(file, { body, type });
    urls.set(name, `${prefix === "/" ? "" : prefix}/assets/${file}`);
  }
  const routes = new Hono();
  routes.get("/:file", (c) => {
    const file = files.get(c.req.param("file"));
    if (!file) return c.notFound();
    c.header("Cache-Control", "public, max-age=31536000, immutable");
    return c.body(file.body, 200, { "Content-Type": file.type });
  });
  return { url: (name) => urls.get(name) ?? "", routes };
}
