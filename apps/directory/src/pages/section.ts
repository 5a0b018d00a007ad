import type { PageAssets, PageSection } from "@quintet/pages";

export const home = "/directory";

/** What all pages of the directory have in common. */
export function directorySection(assets: PageAssets): PageSection {
  return {
    assets,
    name: "Directory",
    home,
    links: [
      { label: "Search", href: `${home}/search` },
      { label: "Add a person", href: `${home}/users/new` },
      { label: "API", href: `${home}/docs` },
    ],
  };
}
