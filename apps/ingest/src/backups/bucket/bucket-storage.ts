import { buffer } from "node:stream/consumers";
import { ConfigError, Problem } from "@quintet/http";
import type { S3Store } from "../../s3.ts";
import { type BackupName, readBackupName } from "../backup-name.ts";
import { parseSidecar } from "../sidecar.ts";
import { type BackupStorage, StorageFailed } from "../storage.ts";
import { BucketDraft } from "./bucket-draft.ts";
import { type BucketPlace, backupKey, bucketUrl, sidecarKey, writeBucketSidecar } from "./bucket-place.ts";

/** A sidecar without its backup is deleted after this time: the backup of a younger one may be about to appear. */
const staleMs = 24 * 3_600_000;

/** Backups as objects below `s3://bucket/prefix`. Throws `ConfigError` when no store is configured. */
export function bucketStorage(s3: S3Store | undefined, url: string): BackupStorage {
  const [, bucket = "", path = ""] = bucketUrl.exec(url) ?? [];
  if (!s3) throw new ConfigError(["BACKUP_URL needs S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"]);
  const prefix = path === "" || path.endsWith("/") ? path : `${path}/`;
  return storageIn({ s3, bucket, prefix });
}

function storageIn(place: BucketPlace): BackupStorage {
  const { s3, bucket, prefix } = place;
  const objectOf = (name: BackupName) => s3.find(bucket, backupKey(place, name));
  return {
    async names() {
      const names: BackupName[] = [];
      for await (const { key } of s3.list(bucket, prefix))
        names.push(...[readBackupName(key.slice(prefix.length)) ?? []].flat());
      return names;
    },
    async stat(name) {
      const found = await objectOf(name);
      return found && { size: found.bytes, mtimeMs: found.modifiedAt.getTime() };
    },
    async read(name, range) {
      const found = await objectOf(name);
      if (!found) throw new Problem("not-found", "Backup not found.");
      const { start = 0, end = found.bytes - 1 } = range ?? {};
      const chunks = s3.read(bucket, found, start);
      return {
        chunks: failingAsRead(upTo(chunks, end - start + 1)),
        [Symbol.dispose]: () => void chunks.return(undefined).catch(() => {}),
      };
    },
    begin: async (name) => new BucketDraft(place, name),
    async remove(name) {
      if (!(await objectOf(name))) return false;
      await s3.remove(bucket, backupKey(place, name));
      await s3.remove(bucket, sidecarKey(place, name));
      return true;
    },
    async readSidecar(name) {
      const found = await s3.find(bucket, sidecarKey(place, name));
      return found && parseSidecar((await buffer(s3.read(bucket, found))).toString(), name);
    },
    writeSidecar: (name, side) => writeBucketSidecar(place, name, side),
    async removeStale() {
      const now = Date.now();
      for await (const { key, modifiedAt } of s3.list(bucket, prefix)) {
        const name = key.endsWith(".json") ? readBackupName(key.slice(prefix.length, -".json".length)) : undefined;
        if (name && now - modifiedAt.getTime() > staleMs && !(await objectOf(name))) await s3.remove(bucket, key);
      }
    },
  };
}

/** The first `bytes` bytes. */
async function* upTo(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  if (left <= 0) return;
  for await (const chunk of chunks) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function* failingAsRead(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    throw new StorageFailed("The backup cannot be read.", { cause: error });
  }
}
