import type { Installation } from "../../harness/installation.ts";

/** A cheap GET of each app that looks at credentials, with a path that leads to something. */
const routes = {
  properties: "/properties/liked",
  ingest: "/ingest/loads",
  directory: "/directory/suggest?name=a",
  queue: "/queue/count",
  social: "/social/posts?limit=1",
};

/** One guarded route of each app that runs, and of the issuer. */
export function routesOf({ apps }: Installation): string[] {
  return ["/auth/me", ...apps.map((app) => routes[app])];
}
