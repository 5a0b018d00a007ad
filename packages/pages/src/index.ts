export { prefersHtml } from "./accept.ts";
export { type AssetName, type PageAssets, pageAssets } from "./assets.ts";
export { doneNotice, type Field, faultOf, faultSummary, field, hidden } from "./form-parts.ts";
export type { Html } from "./html.ts";
export { type PageContent, type PageSection, page, pageHeaders } from "./page.ts";
export { problemPages } from "./problem-pages.ts";
export { shownTime } from "./times.ts";
export { type Visitor, visitorOf } from "./visitor.ts";
