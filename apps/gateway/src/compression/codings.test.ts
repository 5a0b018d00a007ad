import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { codingFor, codings } from "./codings.ts";

it.each([
  [undefined, undefined],
  ["", undefined],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["GZIP, DEFLATE", "gzip"],
  ["gzip, deflate, br", "br"],
  ["gzip, deflate, br, zstd", "zstd"],
  ["gzip;q=1.0, br;q=0.5", "gzip"],
  ["gzip; q=0.2 , br;q=0.8", "br"],
  ["*", "zstd"],
  ["*;q=0.5, zstd;q=0", "br"],
  ["zstd;q=0, br;q=0.000, gzip;q=0", undefined],
  ["identity, gzip;q=0.5", undefined],
  ["identity;q=0, gzip;q=0.5", "gzip"],
  ["compress, deflate", undefined],
  ["gzip;q=2", undefined],
  ["gzip;level=1", undefined],
  [`gzip, ${"x".repeat(200)}`, "gzip"],
])("takes of %j: %s", (accepted, name) => {
  for (let again = 0; again < 2; again++) expect(codingFor(accepted)?.name).toBe(name);
});

it("packs so that the standard programs unpack it", async () => {
  const unpack = { zstd: zstdDecompressSync, br: brotliDecompressSync, gzip: gunzipSync };
  const body = Buffer.from("once upon a time ".repeat(10_000));
  for (const coding of codings) {
    const packed = await new Promise<Buffer>((resolve) => coding.compress(body, (_, bytes) => resolve(bytes)));
    const stream = coding.createStream();
    stream.end(body);
    const streamed = Buffer.concat(await stream.toArray());
    for (const bytes of [coding.compressSync(body), packed, streamed]) {
      expect(bytes.length).toBeLessThan(body.length / 50);
      expect(unpack[coding.name](bytes).equals(body)).toBe(true);
    }
  }
});
