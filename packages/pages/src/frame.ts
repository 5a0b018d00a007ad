import type { ServiceEnv, ServiceFrame } from "@quintet/http";
import type { Context, HonoRequest } from "hono";
import type { PageAssets } from "./assets.ts";

/** A link to one of the app's own pages. */
export interface SectionLink {
  label: string;
  href: string;
  /** Only staff may use it, and only staff sees it. */
  staff?: boolean;
}

/** A signed-in account, as far as pages show it. */
export interface Person {
  username: string;
  isStaff?: boolean;
}

/** A request as far as a page depends on it: as much of Hono's context. */
export interface PageRequest {
  req: Pick<HonoRequest, "method" | "url" | "path" | "header">;
  env: ServiceEnv["Bindings"];
  var: Pick<ServiceEnv["Variables"], "account">;
  header: Context["header"];
}

export interface FrameOptions {
  /** The path prefix of the app, such as `/queue`; `/` for the gateway. */
  prefix: string;
  /** The app's name, as in "Directory". */
  name: string;
  /** The app's first page; its prefix by default. */
  home?: string;
  /** The app's own pages. */
  links?: readonly SectionLink[];
  /** Finds the signed-in account on pages without a guard. */
  signedInAs?: (c: PageRequest) => Promise<Person | undefined>;
}

/** What all pages of one app have in common. `createService` takes it, serves its files and shows problems by it. */
export interface PageFrame extends ServiceFrame, Required<Omit<FrameOptions, "signedInAs">> {
  files: PageAssets;
  signedInAs: FrameOptions["signedInAs"];
}
