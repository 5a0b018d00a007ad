import { createHash } from "node:crypto";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { type Backup, madeBackup } from "../backup.ts";
import type { BackupName } from "../backup-name.ts";
import type { Sidecar } from "../sidecar.ts";
import { type BackupDraft, WriteFailed } from "../storage.ts";
import { type BucketPlace, backupKey, sidecarKey, writeBucketSidecar } from "./bucket-place.ts";

/**
 * A backup on its way into a bucket: an upload in parts that is completed when it is published, so that nobody sees a part of it. The parts
 * that a killed process leaves are not visible; a rule of the bucket (`AbortIncompleteMultipartUpload`) deletes them.
 */
export class BucketDraft implements BackupDraft {
  isPublished = false;
  readonly #place: BucketPlace;
  readonly #name: BackupName;
  readonly #bytes = new PassThrough();
  readonly #hash = createHash("sha256");
  readonly #uploading: Promise<void>;
  #length = 0;

  constructor(place: BucketPlace, name: BackupName) {
    this.#place = place;
    this.#name = name;
    this.#uploading = place.s3.write(place.bucket, backupKey(place, name), this.#bytes);
    this.#uploading.catch((error: unknown) => this.#bytes.destroy(error as Error));
    // Its failure is that of the upload.
    this.#bytes.on("error", () => {});
  }

  async write(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#length += bytes.length;
    if (this.#bytes.destroyed) await failingAsWrite(this.#uploading);
    if (!this.#bytes.write(bytes)) await failingAsWrite(Promise.race([once(this.#bytes, "drain"), this.#uploading]));
  }

  async finish(): Promise<void> {
    if (this.#bytes.destroyed) await failingAsWrite(this.#uploading);
  }

  async publish(details: Omit<Sidecar, "bytes" | "sha256" | "learned">): Promise<Backup> {
    const side = { ...details, bytes: this.#length, sha256: this.#hash.copy().digest("hex") };
    await failingAsWrite(writeBucketSidecar(this.#place, this.#name, side));
    this.#bytes.end();
    await failingAsWrite(this.#uploading);
    this.isPublished = true;
    return madeBackup(this.#name, side);
  }

  async cleanUp(made: Backup | undefined): Promise<void> {
    if (this.isPublished && (made === undefined || made.name === this.#name.name)) return;
    const { s3, bucket } = this.#place;
    // An upload that has not ended is given up, with its parts.
    this.#bytes.destroy(new Error("The backup was given up."));
    await this.#uploading.catch(() => {});
    if (this.isPublished) await s3.remove(bucket, backupKey(this.#place, this.#name));
    await s3.remove(bucket, sidecarKey(this.#place, this.#name)).catch(() => {});
  }
}

/** Awaits a step of the store; its failure is a `WriteFailed`. */
async function failingAsWrite(step: Promise<unknown>): Promise<void> {
  try {
    await step;
  } catch (error) {
    throw new WriteFailed(false, error);
  }
}
