/** The layers that CONTRIBUTING.md lists. Imports point one way. */
const app = "^apps/([^/]+)/";

/** The folders of apps/accounts that hold a capability each, and those of them that the others build on. */
const accountsFoundation = "^apps/accounts/src/(accounts|audit|limits|mail|passwords|revocation)/";
const accountsCapability =
  "^apps/accounts/src/(accounts|audit|clients|external-issuers|limits|mail|oauth|password-resets|passwords|registration|revocation|sessions|sweep|tokens)/";

/** The folders of packages/http, and those that each of them may import. */
const httpFolders = {
  errors: [],
  observability: ["errors"],
  openapi: ["errors"],
  settings: ["errors", "observability"],
  signature: [],
  service: ["errors", "observability", "openapi"],
  server: ["errors", "observability"],
};

export default {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-app-imports-another",
      comment:
        "The gateway's apps.ts knows every other app, and a main.ts the issuer that its app has when it runs alone; both only their index.",
      severity: "error",
      from: { path: app, pathNot: "^apps/gateway/src/apps\\.ts$|^apps/[^/]+/(src/main\\.ts$|tests/)|\\.test\\.ts$" },
      to: { path: "^apps/", pathNot: "^apps/$1/|^apps/accounts/src/testing\\.ts$" },
    },
    {
      name: "a-main-knows-the-issuer-only",
      severity: "error",
      from: { path: "^apps/([^/]+)/src/main\\.ts$" },
      to: { path: "^apps/", pathNot: "^apps/$1/|^apps/accounts/src/index\\.ts$" },
    },
    {
      name: "the-issuer-for-tests-is-for-tests",
      severity: "error",
      from: { path: "^(apps|packages|bench|scripts)/[^/]+/src/", pathNot: "\\.test\\.ts$" },
      to: { path: "/testing\\.ts$", pathNot: "^packages/" },
    },
    {
      name: "gateway-sees-only-an-index",
      severity: "error",
      from: { path: "^apps/gateway/src/" },
      to: { path: "^apps/(?!gateway/)", pathNot: "^apps/[^/]+/src/index\\.ts$" },
    },
    {
      name: "packages-import-no-app",
      severity: "error",
      from: { path: "^packages/", pathNot: "^packages/client/src/apis\\.ts$" },
      to: { path: "^apps/" },
    },
    {
      name: "no-package-needs-the-host",
      comment: "It is the top layer of the packages: it defines and starts apps.",
      severity: "error",
      from: { path: "^packages/(?!host/)" },
      to: { path: "^packages/host/" },
    },
    {
      name: "the-client-knows-types-only",
      comment:
        "The one arrow from a package to the apps: the types of their calls, see docs/decisions/typed-client.md.",
      severity: "error",
      from: { path: "^packages/client/src/" },
      to: { path: "^(apps|packages)/(?!client/)", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "the-client-sees-only-an-index",
      severity: "error",
      from: { path: "^packages/client/src/" },
      to: { path: "^apps/", pathNot: "^apps/[^/]+/src/index\\.ts$" },
    },
    {
      name: "workers-and-stores-stand-alone",
      severity: "error",
      from: { path: "^packages/(workers|stores)/" },
      to: { path: "^packages/", pathNot: "^packages/$1/" },
    },
    {
      name: "http-needs-workers-only",
      severity: "error",
      from: { path: "^packages/http/" },
      to: { path: "^packages/", pathNot: "^packages/(http|workers)/" },
    },
    ...Object.entries(httpFolders).map(([folder, below]) => ({
      name: `http-${folder}-knows-only-what-is-below`,
      severity: "error",
      from: { path: `^packages/http/src/${folder}/`, pathNot: "\\.test\\.ts$" },
      to: {
        path: "^packages/http/src/",
        pathNot: `^packages/http/src/(service-env\\.ts$|(${[folder, ...below].join("|")})/)`,
      },
    })),
    {
      name: "http-tls-is-used-by-the-pipeline-only",
      severity: "error",
      from: { path: "^packages/http/src/server/", pathNot: "^packages/http/src/server/(serve|pipeline|tls/.*)\\.ts$" },
      to: { path: "^packages/http/src/server/tls/" },
    },
    {
      name: "db-and-pages-need-http-only",
      severity: "error",
      from: { path: "^packages/(db|pages)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^packages/", pathNot: "^packages/($1|http)/" },
    },
    {
      name: "db-folders-in-order",
      comment: "limits and observability, then the stores, then migrations and idempotency.",
      severity: "error",
      from: { path: "^packages/db/src/(limits|observability)/" },
      to: { path: "^packages/db/src/(mysql|postgres|redis|migrations|idempotency)/" },
    },
    {
      name: "db-stores-know-nothing-above-them",
      severity: "error",
      from: { path: "^packages/db/src/(mysql|postgres|redis)/" },
      to: { path: "^packages/db/src/(?!$1/|limits/|observability/)" },
    },
    {
      name: "auth-needs-db-http-and-pages-only",
      severity: "error",
      from: { path: "^packages/auth/", pathNot: "\\.test\\.ts$" },
      to: { path: "^packages/", pathNot: "^packages/(auth|db|http|pages)/" },
    },
    {
      name: "packages-are-used-by-their-index",
      severity: "error",
      from: { path: "^(apps|packages|bench)/([^/]+)/" },
      to: {
        path: "^packages/",
        pathNot:
          "^packages/[^/]+/src/(index|testing)\\.ts$|^packages/auth/src/issuer\\.ts$|^packages/host/src/run\\.ts$|^packages/$2/",
      },
    },
    {
      name: "apps-need-no-issuer",
      comment: "What the issuer shares with those who check its tokens is for accounts and the host.",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: "^(apps/accounts|packages/(auth|host))/" },
      to: { path: "^packages/auth/src/issuer\\.ts$" },
    },
    {
      name: "routes-know-no-driver",
      severity: "error",
      from: { path: "^apps/[^/]+/src/(app\\.ts|routes/|pages/)" },
      to: { path: "node_modules/(mysql2|postgres|ioredis|drizzle-orm)/|^apps/social/src/database/drizzle\\.ts$" },
    },
    {
      name: "only-routes-know-hono",
      severity: "error",
      from: {
        path: "^apps/(?!gateway/)[^/]+/src/",
        pathNot: "/(app|main)\\.ts$|/(routes|pages)/|\\.test\\.ts$",
      },
      to: { path: "node_modules/(hono|@hono/)", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "auth-has-guards-and-remote-on-top",
      comment: "The parts of packages/auth know neither the guards nor the remote issuer, which are made of them.",
      severity: "error",
      from: { path: "^packages/auth/src/(audit|browser|oauth|revocation|tokens)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^packages/auth/src/(guards|config|index|issuer)\\.ts$|^packages/auth/src/remote/" },
    },
    {
      name: "auth-revocation-knows-no-tokens",
      comment: "The check of tokens looks into the table of revocations, not the other way round.",
      severity: "error",
      from: { path: "^packages/auth/src/revocation/" },
      to: { path: "^packages/auth/src/(tokens|browser|audit|oauth)/" },
    },
    {
      name: "accounts-capabilities-know-capabilities-only",
      comment: "routes and pages → services → oauth → the other capabilities → their queries.",
      severity: "error",
      from: { path: accountsCapability },
      to: { path: "^apps/accounts/src/", pathNot: accountsCapability },
    },
    {
      name: "accounts-oauth-is-the-top-capability",
      severity: "error",
      from: { path: accountsCapability, pathNot: "^apps/accounts/src/oauth/" },
      to: { path: "^apps/accounts/src/oauth/" },
    },
    {
      name: "accounts-foundations-know-no-capability",
      severity: "error",
      from: { path: accountsFoundation },
      to: { path: "^apps/accounts/src/", pathNot: accountsFoundation },
    },
    {
      name: "accounts-queries-know-queries-only",
      severity: "error",
      from: { path: "^apps/accounts/src/.*-queries\\.ts$" },
      to: { path: "^apps/accounts/src/", pathNot: "-queries\\.ts$" },
    },
    {
      name: "accounts-pages-know-no-routes",
      severity: "error",
      from: { path: "^apps/accounts/src/pages/" },
      to: { path: "^apps/accounts/src/routes/" },
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^vitest" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(\\.data|\\.turbo)(/|$)" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["node", "import", "types"] },
  },
};
