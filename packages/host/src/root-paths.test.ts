import { expect, it } from "vitest";
import { withRootPaths } from "./root-paths.ts";

/** Asks an app that is well or not for a path, and shows what came. */
async function ask(path: string, method = "GET", status = 200): Promise<string> {
  const app = withRootPaths({ fetch: ({ url }) => new Response(new URL(url).pathname, { status }) }, "/shop");
  const response = await app.fetch(new Request(`http://shop.test${path}`, { method }), {});
  return `${response.status} ${response.headers.get("location") ?? (await response.text())}`;
}

it.each(["GET", "HEAD"])("leads %s at the root to the app's prefix, for now", async (method) => {
  expect(await ask("/", method)).toBe("307 /shop");
  expect(await ask("/docs", method)).toBe("307 /shop/docs");
  expect(await ask("/openapi.json", method)).toBe("307 /shop/openapi.json");
  expect(await ask("/health", method)).toBe("307 /shop/health");
});

it("leads no probe on from an app that is not well", async () => {
  expect(await ask("/health", "GET", 503)).toBe("503 /shop/health");
});

it("leaves everything else to the app", async () => {
  expect(await ask("/", "POST")).toBe("200 /");
  expect(await ask("/healthy")).toBe("200 /healthy");
  expect(await ask("/shop/health")).toBe("200 /shop/health");
});
