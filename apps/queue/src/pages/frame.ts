import { type PageFrame, pageFrame } from "@quintet/pages";

export const home = "/queue";

/** The path of a queue's page. */
export function queuePath(name: string): string {
  return `${home}/queues/${encodeURIComponent(name)}`;
}

/** The path of a message's page. */
export function messagePath(name: string, id: string): string {
  return `${queuePath(name)}/messages/${encodeURIComponent(id)}`;
}

/** The frame of the pages of the queues. */
export function queueFrame(signedInAs: PageFrame["signedInAs"]): PageFrame {
  const links = [
    { label: "Queues", href: home },
    { label: "Schedules", href: `${home}/schedules` },
    { label: "Access keys", href: `${home}/access-keys` },
    { label: "API", href: `${home}/docs` },
  ];
  return pageFrame({ prefix: home, name: "Queue", links, ...(signedInAs ? { signedInAs } : {}) });
}
