import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openS3, readS3Url, type S3Store } from "../src/s3.ts";
import { openTestS3, type TestS3 } from "./s3-server.ts";

let server: TestS3;
let s3: S3Store;
const open = (env: Record<string, string>) => openS3(env as { S3_REGION: string }) as S3Store;
beforeAll(async () => {
  server = await openTestS3();
  s3 = open(server.env);
});
afterAll(async () => {
  await s3.close();
  await server[Symbol.asyncDispose]();
});

async function* chunks(count: number, bytes = 1024 * 1024): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(bytes, index + 1);
}
const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => "",
    (error: { code?: string }) => error.code,
  );

it("stores, finds, lists, reads and deletes objects with signed requests", async () => {
  await s3.write("data", "a/small & odd+ü.csv", chunks(1, 10));
  await s3.write("data", "a/large.csv", chunks(9));
  await s3.write("data", "a/third.csv", chunks(0));
  await s3.write("data", "b.csv", chunks(1, 1));
  expect(server.requests.filter((request) => request.startsWith("PUT /data/a/large")).length).toBe(2);
  const listed = await Array.fromAsync(s3.list("data", "a/"));
  expect(listed.map(({ key, bytes }) => [key, bytes])).toEqual([
    ["a/large.csv", 9 * 1024 * 1024],
    ["a/small & odd+ü.csv", 10],
    ["a/third.csv", 0],
  ]);
  const found = await s3.find("data", "a/large.csv");
  const read = await buffer(s3.read("data", found!));
  expect(read.equals(Buffer.concat(await Array.fromAsync(chunks(9))))).toBe(true);
  expect(await buffer(s3.read("data", (await s3.find("data", "a/small & odd+ü.csv"))!, 4))).toHaveLength(6);
  await s3.remove("data", "b.csv");
  await s3.remove("data", "b.csv");
  expect(await s3.find("data", "b.csv")).toBeUndefined();
});

it("reads on after an answer that was cut, until the object has changed", async () => {
  await s3.write("data", "cut", chunks(1));
  const found = (await s3.find("data", "cut"))!;
  server.faults.push(500_000, "fail", 70_000);
  expect((await buffer(s3.read("data", found))).equals(Buffer.concat(await Array.fromAsync(chunks(1))))).toBe(true);
  server.faults.push(500_000);
  const reading = s3.read("data", found);
  await reading.next();
  await s3.write("data", "cut", chunks(2));
  expect(await codeOf(buffer(reading))).toBe("conflict");
});

it("leaves nothing of an object whose bytes end with an error", async () => {
  const failing = async function* () {
    yield* chunks(9);
    throw new RangeError("broken");
  };
  await expect(s3.write("data", "broken", failing())).rejects.toThrow(RangeError);
  expect(server.objects.has("data/broken")).toBe(false);
});

it("tells a store that refuses from one that is away", async () => {
  await using refused = {
    s3: open({ ...server.env, S3_SECRET_ACCESS_KEY: "wrong" }),
    [Symbol.asyncDispose]: () => refused.s3.close(),
  };
  expect(await codeOf(refused.s3.find("data", "a"))).toBe("bad-gateway");
  expect(await codeOf(refused.s3.write("data", "a", chunks(1)))).toBe("bad-gateway");
  const away = open({ ...server.env, S3_ENDPOINT: "http://127.0.0.1:1" });
  expect(await codeOf(Array.fromAsync(away.list("data", "")))).toBe("unavailable");
  await away.close();
});

it("is configured whole or not at all, and reads s3 URLs only", () => {
  expect(openS3({ S3_REGION: "us-east-1" })).toBeUndefined();
  expect(() => open({ S3_ENDPOINT: "http://127.0.0.1:1" })).toThrow("must be set together");
  expect(readS3Url("s3://my.bucket/a/b c.csv")).toEqual({ bucket: "my.bucket", key: "a/b c.csv" });
  for (const url of [
    "https://my.bucket/a",
    "s3://b/a",
    "s3://my.bucket/",
    "s3://u@my.bucket/a",
    "file:///etc/passwd",
  ]) {
    expect(readS3Url(url)).toBeUndefined();
  }
});
