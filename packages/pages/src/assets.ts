import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { type LinkedModule, linkedModules } from "./linked-modules.ts";

/** What is served, and the files of `assets/` or of npm packages that it is put together from. */
const served = {
  "style.css": {
    type: "text/css; charset=utf-8",
    from: ["base.css", "navigation.css", "forms.css", "tables.css", "parts.css", "plots.css", "listings.css"],
  },
  "map.css": { type: "text/css; charset=utf-8", from: ["npm:leaflet/dist/leaflet.css", "map.css"] },
  "live-results.js": { type: "text/javascript; charset=utf-8", from: ["live-results.js"] },
  "poll.js": { type: "text/javascript; charset=utf-8", from: ["poll.js"] },
  "upload.js": { type: "text/javascript; charset=utf-8", from: ["upload.js"] },
  "load-file.js": { type: "text/javascript; charset=utf-8", from: ["load-file.js"] },
  "refresh.js": { type: "text/javascript; charset=utf-8", from: ["refresh.js"] },
  "icon.svg": { type: "image/svg+xml", from: ["icon.svg"] },
};

/** Scripts that import npm packages. */
const linked = ["sql-editor", "map"] as const;

export type AssetName = keyof typeof served | `${(typeof linked)[number]}.js`;

/** The files that pages need in a browser, below one app's prefix. */
export interface PageAssets {
  /** The path of a file; it changes whenever the file does. */
  url(name: AssetName): string;
  /** Serves the files; goes below `{prefix}/assets`. */
  routes: Hono;
}

/** A file as it is served. Its name has a digest of its content, so that a browser may keep it for a year. */
interface ServedFile {
  name: string;
  body: Buffer<ArrayBuffer>;
  type: string;
}

let files: Map<AssetName, ServedFile> | undefined;
const modules = new Map<AssetName, LinkedModule[]>();

/** A script that imports packages, and after it these; read when they are first needed. */
function modulesOf(asset: AssetName): LinkedModule[] {
  const known = modules.get(asset);
  if (known) return known;
  const path = fileURLToPath(new URL(`assets/${asset}`, import.meta.url));
  const found = linkedModules(path, asset.replace(".js", ""));
  modules.set(asset, found);
  return found;
}

/** The module with this name, of all scripts that import packages. */
function findModule(name: string): ServedFile | undefined {
  const found = linked.flatMap((script) => modulesOf(`${script}.js`)).find((one) => one.name === name);
  return found && { name, body: Buffer.from(found.text), type: "text/javascript; charset=utf-8" };
}

function pathOf(file: string): string {
  if (file.startsWith("npm:")) return createRequire(import.meta.url).resolve(file.slice("npm:".length));
  return fileURLToPath(new URL(`assets/${file}`, import.meta.url));
}

/** Reads the files, once. */
function readFiles(): Map<AssetName, ServedFile> {
  const names = Object.keys(served) as (keyof typeof served)[];
  return new Map(
    names.map((asset): [AssetName, ServedFile] => {
      const { type, from } = served[asset];
      const body = Buffer.concat(from.map((file) => readFileSync(pathOf(file))));
      const digest = createHash("sha256").update(body).digest("hex").slice(0, 12);
      return [asset, { name: asset.replace(".", `-${digest}.`), body, type }];
    }),
  );
}

/** The stylesheet, scripts and icon of the pages of the app that owns `prefix`. */
export function pageAssets(prefix: string): PageAssets {
  files ??= readFiles();
  const found = files;
  const byName = new Map([...found.values()].map((file) => [file.name, file]));
  const routes = new Hono();
  routes.get("/:file", (c) => {
    const file = byName.get(c.req.param("file")) ?? findModule(c.req.param("file"));
    if (!file) return c.notFound();
    c.header("Cache-Control", "public, max-age=31536000, immutable");
    return c.body(file.body, 200, { "Content-Type": file.type });
  });
  return {
    url: (asset) => `${prefix === "/" ? "" : prefix}/assets/${(found.get(asset) ?? modulesOf(asset)[0])?.name}`,
    routes,
  };
}
