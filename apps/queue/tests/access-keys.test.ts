import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expectProblem } from "@quintet/http/testing";
import { afterAll, expect, test } from "vitest";
import { accessKeysKey, accessKeysOf, accessKeysUsedKey } from "../src/keys.ts";
import { maxAccessKeys } from "../src/sqs/access-keys/access-keys.ts";
import { type Credentials, openSqs } from "./sqs-server.ts";

const sqs = await openSqs();
afterAll(() => sqs[Symbol.asyncDispose]());
const { queue } = sqs;
const { plain, other, staff } = queue.people;

interface Listed {
  accessKeys: { accessKeyId: string; createdAt: string; lastUsedAt: string | null }[];
}
const listed = async (as = plain) =>
  (await queue.request("GET", "/queue/access-keys", { as })).json<Listed>().accessKeys;

test("a key is shown once with its secret, which is stored encrypted", async () => {
  const made = await queue.request("POST", "/queue/access-keys", { as: plain });
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const key = made.json<Credentials & { createdAt: string }>();
  expect(key).toEqual({
    accessKeyId: expect.stringMatching(/^QK[A-Z2-7]{18}$/),
    secretAccessKey: expect.stringMatching(/^[\w-]{40}$/),
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const { accessKeyId, createdAt, secretAccessKey } = key;
  expect(await listed()).toContainEqual({ accessKeyId, createdAt, lastUsedAt: null });
  const stored = JSON.stringify(await queue.redis.hgetall(accessKeysKey));
  expect(stored).toContain(accessKeyId);
  expect(stored).not.toContain(secretAccessKey);

  const client = new SQSClient({ endpoint: sqs.endpoint, region: "x", credentials: key, maxAttempts: 1 });
  await client.send(new ListQueuesCommand({}));
  expect((await listed()).find((one) => one.accessKeyId === accessKeyId)?.lastUsedAt).toMatch(/^\d{4}-.*Z$/);

  // One that was copied to another key does not open.
  const record = JSON.parse((await queue.redis.hget(accessKeysKey, accessKeyId)) ?? "");
  await queue.redis.hset(
    accessKeysKey,
    "QKCOPIEDCOPIEDCOPIED",
    JSON.stringify({ ...record, accountId: staff.account.id }),
  );
  expect(await queue.deps.accessKeys.find("QKCOPIEDCOPIEDCOPIED")).toBeUndefined();
  await queue.redis.hdel(accessKeysKey, "QKCOPIEDCOPIEDCOPIED");
  client.destroy();
});

test("a key is deleted by its own account only, and leaves nothing", async () => {
  const { accessKeyId } = await sqs.credentialsOf(other);
  expect(await queue.deps.accessKeys.find(accessKeyId)).toMatchObject({ account: { id: other.account.id } });
  const path = `/queue/access-keys/${accessKeyId}`;
  expectProblem(await queue.request("DELETE", path, { as: plain }), 404);
  expectProblem(await queue.request("DELETE", path, { as: staff }), 404);
  expect((await queue.request("DELETE", path, { as: other })).status).toBe(204);
  expectProblem(await queue.request("DELETE", path, { as: other }), 404);
  expect(await queue.deps.accessKeys.find(accessKeyId)).toBeUndefined();
  expect(await listed(other)).toEqual([]);
  expect(await queue.redis.hexists(accessKeysUsedKey, accessKeyId)).toBe(0);
  expectProblem(await queue.request("DELETE", "/queue/access-keys/nonsense", { as: other }), 400, "id");
});

test("an account has a bounded number of keys, also when it makes them at once", async () => {
  const create = () => queue.request("POST", "/queue/access-keys", { as: staff });
  const made = await Promise.all(Array.from({ length: maxAccessKeys + 5 }, create));
  expect(made.filter(({ status }) => status === 201)).toHaveLength(maxAccessKeys);
  for (const response of made.filter(({ status }) => status !== 201)) expectProblem(response, 409);
  expect(await queue.redis.zcard(accessKeysOf(staff.account.id))).toBe(maxAccessKeys);
});
