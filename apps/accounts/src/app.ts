import { urlPath, version } from "@quintet/host";
import { createService, lazy, openApiDocument, type WebApp } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { metadataPath } from "./issuer-paths.ts";
import { addAccount } from "./pages/account-routes.ts";
import { addAuditPage } from "./pages/audit-page-routes.ts";
import { addAuthorize } from "./pages/authorize-routes.ts";
import { browser } from "./pages/browser.ts";
import { addClientPages } from "./pages/client-page-routes.ts";
import { addForgotten } from "./pages/forgotten-routes.ts";
import { addInvitationPages } from "./pages/invitation-page-routes.ts";
import { accountFrame } from "./pages/section.ts";
import { addSignIn } from "./pages/sign-in-routes.ts";
import { addSignUp } from "./pages/sign-up-routes.ts";
import { addStaffPages } from "./pages/staff-page-routes.ts";
import { addAccounts } from "./routes/accounts.ts";
import { addAudit } from "./routes/audit.ts";
import { addClients } from "./routes/clients.ts";
import { addInstallationRoutes } from "./routes/installation.ts";
import { addInvitations } from "./routes/invitations.ts";
import { addOAuth } from "./routes/oauth.ts";
import { addPasswordResets } from "./routes/password-resets.ts";
import { addSessions } from "./routes/sessions.ts";
import { addStaff } from "./routes/staff.ts";
import { createWellKnown } from "./routes/well-known.ts";
import { staffLists } from "./staff-lists.ts";

/** The accounts' routes and pages: all of `/auth`, and the issuer's metadata below `/.well-known`. */
export function createApp(deps: Deps): WebApp {
  const { auth, log, corsOrigins } = deps;
  const info = {
    title: "Quintet accounts",
    version,
    tags: {
      accounts: "Your account, its sessions, and tokens for every app",
      "accounts: API clients": "Programs that act for an account",
      "accounts: staff": "Other people's accounts, invitations and the audit log",
      "accounts: pages": "The pages of the accounts",
    },
  };
  const frame = accountFrame(auth);
  const wellKnown = createWellKnown({ ...deps, frame });
  const app = createService({
    ...info,
    prefix: "/auth",
    frame,
    log,
    corsOrigins,
    checks: { mysql: auth.ping, redis: deps.pingRedis },
    document: lazy(() => {
      const own = openApiDocument(app, info);
      const { paths, components } = openApiDocument(wellKnown, info);
      const schemas = { ...components.schemas, ...own.components.schemas };
      return {
        ...own,
        paths: { ...own.paths, [metadataPath]: paths[metadataPath] },
        components: { ...own.components, schemas },
      };
    }),
  });

  const lists = staffLists(auth, deps.cursorKey);
  const pages = { auth, frame, lists, issuer: deps.issuer, browser: browser(auth, deps.formKey) };

  addAccounts(app, deps);
  addOAuth(app, deps);
  addSessions(app, auth);
  addClients(app, deps);
  addPasswordResets(app, deps);
  addInstallationRoutes(app, auth);
  addStaff(app, { ...deps, lists });
  addInvitations(app, { ...deps, lists });
  addAudit(app, pages);

  addSignIn(app, pages);
  addSignUp(app, pages);
  addForgotten(app, pages);
  addAccount(app, pages);
  addClientPages(app, pages);
  addStaffPages(app, pages);
  addInvitationPages(app, pages);
  addAuditPage(app, pages);
  addAuthorize(app, pages);

  return {
    fetch: (request, env) => (urlPath(request.url).startsWith("/.well-known") ? wellKnown : app).fetch(request, env),
  };
}

/** The types of the API routes, for the typed client. */
export type AccountsApi = ReturnType<
  | typeof addAccounts
  | typeof addOAuth
  | typeof addSessions
  | typeof addClients
  | typeof addPasswordResets
  | typeof addStaff
  | typeof addInvitations
  | typeof addAudit
>;
