import type { AppLink } from "@quintet/http";

/** An app as the home page shows it. */
interface AppDescription extends AppLink {
  /** What it is for, in a line. */
  about: string;
}

/**
 * Every app of Quintet, in the order of the navigation. It stands here because an app that runs behind the gateway shows all
 * of them and knows no other app.
 */
export const allApps: readonly AppDescription[] = [
  {
    name: "properties",
    title: "Properties",
    about: "Real-estate listings: search, compare, like; SQL for staff.",
    href: "/properties",
  },
  {
    name: "ingest",
    title: "Ingest",
    about: "Files into tables, with the reason of each rejected row; backups, reports.",
    href: "/ingest",
  },
  { name: "directory", title: "Directory", about: "People, found by any part of a name.", href: "/directory" },
  {
    name: "queue",
    title: "Queue",
    about: "Message queues with leases, delays and dead letters.",
    href: "/queue",
  },
  { name: "social", title: "Social", about: "Posts and votes.", href: "/social/docs" },
];

/** The apps of a process that runs `name` alone. */
export function onlyApp(name: string): readonly AppDescription[] {
  return allApps.filter((app) => app.name === name);
}
