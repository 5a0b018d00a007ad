import { type PageFrame, pageFrame } from "@quintet/pages";

export const home = "/directory";

/** The frame of the directory's pages. */
export function directoryFrame(signedInAs: PageFrame["signedInAs"]): PageFrame {
  const links = [
    { label: "Search", href: `${home}/search` },
    { label: "Add a person", href: `${home}/users/new`, staff: true },
    { label: "API", href: `${home}/docs` },
  ];
  return pageFrame({ prefix: home, name: "Directory", links, ...(signedInAs ? { signedInAs } : {}) });
}
