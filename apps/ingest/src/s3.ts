import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { ConfigError, Problem, settings } from "@quintet/http";
import { z } from "zod";

const credential = z.string().regex(/^[\x21-\x7e]{3,256}$/, "must be 3 to 256 printable ASCII characters");

/** Where objects are: any store that speaks the protocol of S3. Without an endpoint there is none. */
export const s3Settings = {
  S3_ENDPOINT: settings.url("http", "https").optional(),
  S3_REGION: z
    .string()
    .regex(/^[\w-]{1,64}$/, "must be the name of a region, such as us-east-1")
    .default("us-east-1"),
  S3_ACCESS_KEY_ID: credential.optional(),
  S3_SECRET_ACCESS_KEY: credential.optional(),
};

/** One version of an object. `etag` changes with its content; `bytes` is its length. */
export interface S3Object {
  key: string;
  bytes: number;
  etag: string;
  modifiedAt: Date;
}

export interface S3Options {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** The store of the settings; undefined when none is set. Throws `ConfigError` when they are incomplete. */
export function openS3(config: {
  S3_ENDPOINT?: string | undefined;
  S3_REGION: string;
  S3_ACCESS_KEY_ID?: string | undefined;
  S3_SECRET_ACCESS_KEY?: string | undefined;
}): S3Store | undefined {
  const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_ACCESS_KEY_ID: accessKeyId } = config;
  const { S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  if (endpoint === undefined && accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (endpoint === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ConfigError(["S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set together"]);
  }
  return new S3Store({ endpoint, region, accessKeyId, secretAccessKey });
}

const maxFailures = 5;
const partBytes = 8 * 1024 * 1024;

/**
 * The objects of the store that is configured, and of no other. Every bucket is addressed by its path (`endpoint/bucket/key`). The SDK is
 * imported with the first call. Throws a 502 when the store refuses a request, a 503 when it cannot be reached or fails.
 */
export class S3Store {
  readonly #options: S3Options;
  #opened: Promise<{ sdk: typeof import("@aws-sdk/client-s3"); client: S3Client }> | undefined;

  constructor(options: S3Options) {
    this.#options = options;
  }

  #open() {
    this.#opened ??= import("@aws-sdk/client-s3").then((sdk) => {
      const { endpoint, region, accessKeyId, secretAccessKey } = this.#options;
      const client = new sdk.S3Client({
        ...{ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true },
        // Not every store knows the newer checksums; the signature covers the digest of each body.
        ...{ requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" },
        requestHandler: { connectionTimeout: 5000, socketTimeout: 30_000 },
      });
      return { sdk, client };
    });
    return this.#opened;
  }

  /** The object at `key`; `undefined` when the bucket or the object does not exist. */
  async find(bucket: string, key: string): Promise<S3Object | undefined> {
    const { sdk, client } = await this.#open();
    try {
      const found = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }));
      return toObject(key, found.ContentLength, found);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw s3Problem(error);
    }
  }

  /**
   * The bytes of an object from the byte `from`. After a failure the rest is requested again, as long as some bytes arrive in
   * between. Throws a 409 when the object has changed since it was found.
   */
  async *read(bucket: string, { key, bytes, etag }: S3Object, from = 0): AsyncGenerator<Buffer> {
    const { sdk, client } = await this.#open();
    for (let at = from, failures = 0; at < bytes; ) {
      try {
        const range = at === 0 ? {} : { Range: `bytes=${at}-` };
        const { Body } = await client.send(
          new sdk.GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag, ...range }),
        );
        for await (const chunk of Body as Readable) {
          at += (chunk as Buffer).length;
          failures = 0;
          yield chunk as Buffer;
        }
        if (at < bytes) throw new Error("The object ended early.");
      } catch (error) {
        if (statusOf(error) === 412 || statusOf(error) === 404) {
          throw new Problem("conflict", `s3://${bucket}/${key} has changed while it was read.`, { cause: error });
        }
        if (isRefusal(error) || ++failures > maxFailures) throw s3Problem(error);
        await pause(50 * 2 ** failures);
      }
    }
  }

  /** Stores an object from its bytes as they arrive, in parts of 8 MiB; nothing is stored when they end with an error. */
  async write(bucket: string, key: string, body: AsyncIterable<Buffer>): Promise<void> {
    const [{ client }, { Upload }] = await Promise.all([this.#open(), import("@aws-sdk/lib-storage")]);
    let broken: { error: unknown } | undefined;
    const bytes = async function* () {
      try {
        yield* body;
      } catch (error) {
        broken = { error };
        throw error;
      }
    };
    const params = { Bucket: bucket, Key: key, Body: Readable.from(bytes(), { objectMode: false }) };
    try {
      await new Upload({ client, params, partSize: partBytes, queueSize: 2 }).done();
    } catch (error) {
      throw broken ? broken.error : s3Problem(error);
    }
  }

  /** The objects whose keys begin with `prefix`, in the order of their keys. */
  async *list(bucket: string, prefix: string): AsyncGenerator<S3Object> {
    const { sdk, client } = await this.#open();
    for (let token: string | undefined; ; ) {
      const command = new sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const page = await client.send(command).catch((error: unknown) => {
        throw s3Problem(error);
      });
      for (const found of page.Contents ?? []) yield toObject(found.Key ?? "", found.Size, found);
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  /** Deletes an object; one that does not exist is no error. */
  async remove(bucket: string, key: string): Promise<void> {
    const { sdk, client } = await this.#open();
    try {
      await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }));
    } catch (error) {
      throw s3Problem(error);
    }
  }

  async close(): Promise<void> {
    (await this.#opened)?.client.destroy();
  }
}

/** Reads `s3://bucket/key`; `undefined` for any other text. */
export function readS3Url(url: string): { bucket: string; key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.{1,1024})$/su.exec(url) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
}

function toObject(
  key: string,
  bytes: number | undefined,
  { ETag, LastModified }: { ETag?: string | undefined; LastModified?: Date | undefined },
): S3Object {
  return { key, bytes: bytes ?? 0, etag: ETag ?? "", modifiedAt: LastModified ?? new Date(0) };
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** Whether a repetition would be refused as well. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return error instanceof Problem || (status !== undefined && status >= 400 && status < 500 && status !== 429);
}

function s3Problem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!isRefusal(error)) return new Problem("unavailable", "The object store is unavailable.", { cause: error });
  const name = error instanceof Error && /^[A-Za-z]{1,64}$/.test(error.name) ? error.name : statusOf(error);
  return new Problem("bad-gateway", `The object store refused the request: ${name}.`, { cause: error });
}
