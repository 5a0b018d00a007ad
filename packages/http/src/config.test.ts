import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readEnv, settings } from "./config.ts";

const schema = z.object({
  ...settings.listen,
  QUINTET_SECRET: settings.secret,
  REDIS_URL: settings.url("redis", "rediss"),
});
const good = { QUINTET_SECRET: "s".repeat(32), REDIS_URL: "redis://127.0.0.1" };

describe("readEnv", () => {
  it("fills in what has a default, and takes an empty variable as absent", () => {
    expect(readEnv(schema, { ...good, PORT: "", LOG_FILE: "" })).toMatchObject({
      HOST: "127.0.0.1",
      LOG_LEVEL: "info",
      CORS_ORIGINS: ["*"],
      DRAIN_SECONDS: 10,
    });
    expect(readEnv(schema, { ...good, PORT: "9000" }).PORT).toBe(9000);
  });

  it("names every bad variable at once, and tells no value", () => {
    const read = () => readEnv(schema, { QUINTET_SECRET: "hunter2", PORT: "99999", LOG_LEVEL: "loud" });
    expect(read).toThrow(/PORT.*LOG_LEVEL.*QUINTET_SECRET.*REDIS_URL is missing/s);
    expect(read).not.toThrow(/hunter2/);
    expect(read).not.toThrow(/\n/);
  });
});
