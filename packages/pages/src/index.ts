export { prefersHtml } from "./accept.ts";
export { type AssetName, type PageAssets, pageAssets } from "./assets.ts";
export type { Html } from "./html.ts";
export { type PageContent, type PageSection, page, pageHeaders } from "./page.ts";
export { problemPages } from "./problem-pages.ts";
