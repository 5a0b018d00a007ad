import { describe, expect, it } from "vitest";
import { headerKind } from "./client-headers.ts";

describe("the verdict on a header", () => {
  it.each([
    "X-Forwarded-User",
    "x-forwarded-email",
    "X-Forwarded-Groups",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Client-Cert",
    "X_Forwarded_User",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-User",
    "X-User-Id",
    "X-User-Email",
    "X-Account-Id",
    "X-Roles",
    "X-Remote-User",
    "X-Remote-Groups",
    "Remote-User",
    "REMOTE_USER",
    "Remote-Groups",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Authenticated-User",
    "X-WebAuth-User",
    "X-MS-CLIENT-PRINCIPAL-NAME",
    "X-Goog-Authenticated-User-Email",
    "X-Authentik-Username",
    "X-SSL-Client-DN",
    "SSL-Client-Cert",
    "X-Original-URL",
    "X-Rewrite-URL",
    "Proxy",
  ])("%s identifies the client", (name) => {
    expect(headerKind(name)).toBe("identity");
  });

  it.each(["X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Host", "Forwarded"])("%s says from where", (name) => {
    expect(headerKind(name)).toBe("forwarding");
  });

  it.each([
    "Authorization",
    "Cookie",
    "Host",
    "Accept",
    "User-Agent",
    "X-Request-Id",
    "Idempotency-Key",
    "X-Amz-Target",
    "X-Amz-User-Agent",
    "X-Requested-With",
    "X-CSRF-Token",
    "X-Quintet-Client",
    "X-Userless",
    "Traceparent",
    "If-Match",
  ])("%s is passed", (name) => {
    expect(headerKind(name)).toBe("passed");
  });

  it("does not grow with the names that clients make up", () => {
    for (let i = 0; i < 10_000; i++) expect(headerKind(`X-Made-Up-${i}`)).toBe("passed");
    expect(headerKind("X-User-Id")).toBe("identity");
    expect(headerKind("connection")).toBe("hop");
  });
});
