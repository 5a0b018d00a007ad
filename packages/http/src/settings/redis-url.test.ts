import { expect, it } from "vitest";
import { readRedisUrl, redisAddress } from "./redis-url.ts";

it.each([
  ["redis://127.0.0.1", { kind: "standalone", tls: false, nodes: [{ host: "127.0.0.1", port: 6379 }], database: 0 }],
  ["rediss://u:p@h:1/2", { kind: "standalone", tls: true, username: "u", password: "p", database: 2 }],
  ["redis://:p%40%2F@[::1]:7", { password: "p@/", username: undefined, nodes: [{ host: "::1", port: 7 }] }],
  [
    "redis+cluster://u:p@a:1,b,[fd00::1]:3",
    {
      kind: "cluster",
      username: "u",
      password: "p",
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 6379 },
        { host: "fd00::1", port: 3 },
      ],
    },
  ],
  ["rediss+cluster://a:1/", { kind: "cluster", tls: true, username: undefined }],
  [
    "redis+sentinel://u:p@a,b:2/my%20master/3?sentinelUsername=s&sentinelPassword=q%26",
    {
      kind: "sentinel",
      masterName: "my master",
      database: 3,
      nodes: [
        { host: "a", port: 26379 },
        { host: "b", port: 2 },
      ],
      sentinelUsername: "s",
      sentinelPassword: "q&",
    },
  ],
  ["rediss+sentinel://a/m", { kind: "sentinel", tls: true, masterName: "m", database: 0, sentinelPassword: undefined }],
])("reads %s", (url, address) => {
  expect(redisAddress(url)).toMatchObject(address);
});

it.each([
  ["http://hunter2", /^must be a redis:\/\/ or rediss:\/\/ URL$/],
  ["redis+cluster:a:1", /^must have the form/],
  ["redis+cluster://:hunter2@", /^must name hosts/],
  ["redis+cluster://:hunter2@a:1,", /^must name hosts/],
  ["redis+cluster://:hunter2@a:99999", /^must name hosts/],
  ["redis+cluster://:hunter2@a:1/2", /^must not name a database/],
  ["redis+cluster://:hunter2@a:1?sentinelPassword=hunter2", /^has an unknown parameter/],
  ["redis+sentinel://:hunter2@a:1", /^must name the master/],
  ["redis+sentinel://:hunter2@a:1/m/x", /^must name a database by its number/],
  ["redis+sentinel://:hunter2@a:1/m/0/1", /^must name a database by its number/],
  ["redis+sentinel://a/m?password=hunter2", /^has an unknown parameter/],
  ["redis+sentinel://:hunter2%zz@a/m", /^has a % that/],
  ["redis+cluster://:hunter2/x@a:1", /./],
])("names what is wrong with %s, and tells no secret", (url, fault) => {
  const found = readRedisUrl(url);
  expect(found).toMatch(fault);
  expect(found).not.toContain("hunter2");
});
