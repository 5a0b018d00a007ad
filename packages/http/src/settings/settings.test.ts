import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readEnv, separatePorts, setTogether, settings } from "./settings.ts";

const schema = z.object({
  ...settings.listen,
  QUINTET_SECRET: settings.secret,
  REDIS_URL: settings.redisUrl,
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

  it.each([
    ["PORT", "abc", "must be a port number from 0 to 65535"],
    ["PORT", "65536", "must be a port number from 0 to 65535"],
    ["METRICS_PORT", "-1", "must be a port number from 0 to 65535"],
    ["HOST", "http://127.0.0.1", "must be an address or a host name"],
    ["METRICS_HOST", "127.0.0.1 ", "must be an address or a host name"],
    ["CORS_ORIGINS", "example.com", "must be * or origins such as https://example.org, separated by commas"],
    ["CORS_ORIGINS", "https://a.example/path", "must be * or origins such as https://example.org, separated by commas"],
    ["CORS_ORIGINS", "https://a.example,", "must be * or origins such as https://example.org, separated by commas"],
    ["CORS_ORIGINS", "https://u@a.example", "must be * or origins such as https://example.org, separated by commas"],
    ["DRAIN_SECONDS", "10s", "must be a whole number from 0 to 999"],
    ["LOG_LEVEL", "loud", "must be one of trace, debug, info, warn, error, fatal, silent"],
    ["LOG_FILE", tmpdir(), `${tmpdir()} is a folder`],
    ["LOG_FILE", `${import.meta.filename}/log`, `${import.meta.filename} is not a folder`],
    ["OTEL_TRACES_SAMPLER_ARG", "1.5", "must be a number from 0 to 1"],
    ["SQL_COMMENTS", "yes", "must be one of off, text, all"],
    ["REDIS_URL", "http://127.0.0.1", "must be a redis:// or rediss:// URL"],
    ["REDIS_URL", "redis://127.0.0.1/cache", "must name a database by its number, if any, as in redis://host:6379/0"],
    ["MYSQL_URL", "mysql://127.0.0.1", "must name a database, as in mysql://user:password@host:3306/quintet"],
    ["TRUSTED_PROXIES", "10.0.0.0/33", "must be addresses or networks, separated by commas"],
  ])("refuses %s=%s", (name, value, fault) => {
    const all = schema.extend({
      MYSQL_URL: settings.mysqlUrl.optional(),
      TRUSTED_PROXIES: settings.trustedProxies.optional(),
    });
    expect(() => readEnv(all, { ...good, [name]: value })).toThrow(
      `Bad settings: ${name}: ${fault}. See .env.example.`,
    );
  });

  it("takes origins in the form that browsers send", () => {
    const given = "https://A.example:443/, http://localhost:3000,chrome-extension://abc";
    const { CORS_ORIGINS } = readEnv(schema, { ...good, CORS_ORIGINS: given });
    expect(CORS_ORIGINS).toEqual(["https://a.example", "http://localhost:3000", "chrome-extension://abc"]);
  });

  it("names what is broken between settings, together with what is wrong with each", () => {
    const rules = [setTogether("TLS_CERT", "TLS_KEY"), separatePorts];
    const env = { ...good, LOG_LEVEL: "loud", TLS_CERT: "a", PORT: "80", METRICS_PORT: "0080" };
    const read = () => readEnv(schema, env, rules);
    expect(read).toThrow(
      /LOG_LEVEL: .*; TLS_CERT and TLS_KEY must be set together; METRICS_PORT: must differ from PORT/,
    );
    expect(readEnv(schema, { ...good, PORT: "0", METRICS_PORT: "0" }, rules)).toMatchObject({ PORT: 0 });
  });
});
