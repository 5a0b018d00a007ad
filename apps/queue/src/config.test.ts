import { expect, it } from "vitest";
import { queue as definition } from "./index.ts";

const QUINTET_SECRET = "0123456789abcdef0123456789abcdef";
const AUTH_URL = "http://issuer.test";

it("reads what it needs and has standard values for the rest", () => {
  const config = definition.loadConfig({ REDIS_URL: "redis://localhost", QUINTET_SECRET, AUTH_URL });
  expect(config).toMatchObject({ REDIS_PREFIX: "quintet:", DEMO_DATA: false });
  expect(
    definition.loadConfig({ REDIS_URL: "rediss://u:p@h:1/2", QUINTET_SECRET, AUTH_URL, PORT: "9", DEMO_DATA: "true" }),
  ).toMatchObject({
    PORT: 9,
    DEMO_DATA: true,
  });
});

it("names every bad variable and tells none of their values", () => {
  const wrong = () => definition.loadConfig({ REDIS_URL: "http://secret", QUINTET_SECRET: "short", DEMO_DATA: "yes" });
  expect(wrong).toThrow(/REDIS_URL.*QUINTET_SECRET.*DEMO_DATA|QUINTET_SECRET.*REDIS_URL/);
  expect(wrong).not.toThrow(/secret"|short|http:/);
});
