/** An app as the navigation of every page shows it. */
export interface AppLink {
  /** The first segment of its paths. */
  name: string;
  title: string;
  /** The page for people that the link leads to. */
  href: string;
}

/** Every app of Quintet, in the order of the navigation. */
export const allApps: readonly AppLink[] = [
  { name: "properties", title: "Properties", href: "/properties/docs" },
  { name: "ingest", title: "Ingest", href: "/ingest/docs" },
  { name: "directory", title: "Directory", href: "/directory" },
  { name: "queue", title: "Queue", href: "/queue/docs" },
  { name: "social", title: "Social", href: "/social/docs" },
];

/** The apps of a process that runs `name` alone. */
export function onlyApp(name: string): readonly AppLink[] {
  return allApps.filter((app) => app.name === name);
}
