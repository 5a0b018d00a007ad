import { afterAll, describe, expect, it } from "vitest";
import { appContract, secondDepth } from "./contract/index.ts";
import { appNames, startAlone } from "./harness/installation.ts";

/** The contract of each app without gateway, as its own issuer. */
for (const app of appNames) {
  const quintet = await startAlone(app);
  afterAll(() => quintet[Symbol.asyncDispose]());
  describe(`${app} alone`, async () => {
    await appContract(quintet, app, secondDepth);

    it("leads to its own paths from the root", async () => {
      const led = await Promise.all(["/", "/docs", "/health"].map((path) => quintet.anyone.get(path)));
      const locations = [`/${app}`, `/${app}/docs`, `/${app}/health`];
      expect(led.map(({ status, headers }) => [status, headers.location])).toEqual(locations.map((to) => [307, to]));
    });

    it("serves nothing of the others", async () => {
      for (const other of appNames.filter((name) => name !== app)) {
        expect((await quintet.staff.get(`/${other}/health`)).status).toBe(404);
      }
      expect((await quintet.anyone.get("/.well-known/oauth-authorization-server")).status).toBe(200);
    });
  });
}
