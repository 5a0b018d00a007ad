import type { S3Store } from "../../s3.ts";
import type { BackupName } from "../backup-name.ts";
import { type Sidecar, sidecarText } from "../sidecar.ts";

/** The URL of a bucket, and of the prefix of its keys. */
export const bucketUrl = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.{0,512}))?$/u;

/** A place in a bucket: the prefix is empty or ends with a slash. */
export interface BucketPlace {
  s3: S3Store;
  bucket: string;
  prefix: string;
}

/** The key of a backup. */
export const backupKey = ({ prefix }: BucketPlace, { name }: BackupName) => prefix + name;

/** The key of its sidecar. */
export const sidecarKey = (place: BucketPlace, name: BackupName) => `${backupKey(place, name)}.json`;

/** Stores the sidecar of a backup; an object is replaced as a whole. */
export async function writeBucketSidecar(place: BucketPlace, name: BackupName, side: Sidecar): Promise<void> {
  const text = async function* () {
    yield Buffer.from(sidecarText(side, name));
  };
  await place.s3.write(place.bucket, sidecarKey(place, name), text());
}
