import { randomBytes } from "node:crypto";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { named, type OpenSocial, openSocial, type Post } from "./open-social.ts";

interface Uploaded {
  id: string;
  url: string;
  width: number;
  height: number;
}

let social: OpenSocial;
let app: ReturnType<typeof createApp>;
beforeAll(async () => {
  social = await openSocial();
  app = createApp(social.deps);
});
afterAll(() => social[Symbol.asyncDispose]());

type Account = OpenSocial["accounts"]["plain"];

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "teal" } });
const upload = async (file: Buffer | string, type = "image/png", by: Account = social.accounts.plain, more = {}) => {
  const headers = { Authorization: by.bearer, "Content-Type": type, ...more };
  const response = await app.request("/social/images", {
    method: "POST",
    headers,
    body: new Uint8Array(Buffer.from(file)),
  });
  return { status: response.status, body: (await response.json()) as Uploaded & { errors?: { message: string }[] } };
};
const stored = async (by: Account = social.accounts.plain) => {
  const { status, body } = await upload(await picture(8, 6).png().toBuffer(), "image/png", by);
  expect(status).toBe(201);
  return body;
};
const fetched = async (id: string, query = "", by: Account = social.accounts.plain, headers = {}) => {
  const response = await app.request(`/social/images/${id}${query}`, {
    headers: { Authorization: by.bearer, ...headers },
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
};
const write = (json: object, by: Account = social.accounts.plain, method = "POST", path = "/posts") =>
  social.send<Omit<Post, "images"> & { images: (Uploaded & { alt: string })[] }>(method, path, {
    by,
    json: { title: "T", content: "C", ...json },
    headers: { "If-Match": "*" },
  });

describe("an image", () => {
  test("is kept in a few widths, upright, and without what the camera wrote", async () => {
    const file = await picture(2400, 1200)
      .withExif({ IFD0: { Orientation: "6", Make: "Zebrafinch" }, IFD3: { GPSLatitude: "4/1 36/1 0/1" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { status, body } = await upload(file, "image/jpeg");
    expect([status, body]).toEqual([
      201,
      { id: expect.any(String), url: `/social/images/${body.id}`, width: 1200, height: 2400 },
    ]);
    const sizes = [];
    for (const width of [1, 320, 321, 960, 961, 9000]) {
      const { bytes, headers } = await fetched(body.id, `?width=${width}`);
      const found = await sharp(bytes).metadata();
      expect([found.format, found.exif, found.orientation]).toEqual(["webp", undefined, undefined]);
      expect(headers.get("content-type")).toBe("image/webp");
      expect(headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toMatch(/sandbox/);
      sizes.push([found.width, found.height]);
    }
    expect(sizes).toEqual([
      [320, 640],
      [320, 640],
      [960, 1920],
      [960, 1920],
      [1200, 2400],
      [1200, 2400],
    ]);
    const tag = (await fetched(body.id)).headers.get("etag") ?? "";
    expect((await fetched(body.id, "", social.accounts.plain, { "If-None-Match": tag })).status).toBe(304);
  });

  test("is what its content says, still, whole and not too large", async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';
    const png = await picture(64, 64).png().toBuffer();
    const frames = Buffer.concat([0, 90, 180].map((red) => Buffer.alloc(8 * 8 * 3, red)));
    const raw = { raw: { width: 8, height: 24, channels: 3 as const, pageHeight: 8 } };
    const animated = await sharp(frames, raw).webp().toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(3);
    const bomb = await picture(8000, 5001).png({ compressionLevel: 9 }).toBuffer();
    for (const [file, message] of [
      [svg, "must be a JPEG, PNG or WebP image"],
      [await picture(8, 8).gif().toBuffer(), "must be a JPEG, PNG or WebP image"],
      [animated, "must be a still image"],
      [bomb, "must have at most 40 megapixels"],
      ["<html>", "is no image, or a damaged one"],
      [randomBytes(500), "is no image, or a damaged one"],
      [png.subarray(0, png.length / 2), "is no image, or a damaged one"],
      ["", "is no image, or a damaged one"],
    ] as const) {
      const { status, body } = await upload(file);
      expect([status, body.errors?.[0]?.message], message).toEqual([422, message]);
    }
    expect((await upload(png, "image/svg+xml")).status).toBe(415);
    expect((await upload(Buffer.alloc(10 * 1024 * 1024 + 1))).status).toBe(413);
  });

  test("is stored once for the same Idempotency-Key", async () => {
    const file = await picture(9, 9).png().toBuffer();
    const key = { "Idempotency-Key": "image" };
    const [first, again] = [
      await upload(file, "image/png", social.accounts.plain, key),
      await upload(file, "image/png", social.accounts.plain, key),
    ];
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
  });

  test("belongs to one post of its owner, and goes with it", async () => {
    const { plain, other } = social.accounts;
    const [first, second] = [await stored(), await stored()];
    const theirs = await stored(other);
    expect((await fetched(first.id, "", other)).status).toBe(404);
    for (const images of [[{ id: theirs.id }], [{ id: first.id }, { id: theirs.id }]]) {
      const refused = await write({ images });
      expect([refused.status, named(refused as never)]).toEqual([422, [`images.${images.length - 1}.id`]]);
    }
    for (const images of [
      [{ id: first.id }, { id: first.id }],
      Array(5).fill({ id: first.id }),
      [{ id: "x" }],
      [{ id: first.id, alt: "x".repeat(1001) }],
    ]) {
      expect((await write({ images })).status).toBe(422);
    }
    const made = await write({ images: [{ id: second.id, alt: "A teal field" }, { id: first.id }], published: false });
    expect(made.body.images).toEqual([
      { ...second, alt: "A teal field" },
      { ...first, alt: "" },
    ]);
    const path = `/posts/${made.body.id}`;
    expect((await fetched(first.id, "", other)).status).toBe(404);
    const published = await write({ published: true }, plain, "PATCH", path);
    expect(published.body.images).toEqual(made.body.images);
    expect((await fetched(first.id, "", other)).status).toBe(200);
    expect((await write({ images: [{ id: first.id }] })).status).toBe(422);
    const same = await write({ images: made.body.images.map(({ id, alt }) => ({ id, alt })) }, plain, "PATCH", path);
    expect(same.body.version).toBe(published.body.version);
    const fewer = await write({ images: [{ id: first.id }] }, plain, "PATCH", path);
    expect([fewer.body.images, fewer.body.version]).toEqual([[{ ...first, alt: "" }], published.body.version + 1]);
    expect((await fetched(second.id)).status).toBe(404);
    await social.send("DELETE", path, { by: plain });
    expect((await fetched(first.id)).status).toBe(404);
  });

  test("that no post has is removed after a day, and an account has at most twenty", async () => {
    const { staff } = social.accounts;
    const { db } = social.deps.database;
    const old = await stored(staff);
    await db.execute(`UPDATE social.images SET created_at = now() - interval '25 hours' WHERE id = '${old.id}'`);
    const all = await Promise.all(Array.from({ length: 22 }, () => stored(staff).catch(() => undefined)));
    expect((await fetched(old.id, "", staff)).status).toBe(404);
    expect(all.filter((one) => one !== undefined)).toHaveLength(20);
  });
});
