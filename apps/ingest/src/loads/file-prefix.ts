import { createHash, type Hash } from "node:crypto";
import { Problem } from "@quintet/http";
import type { FileBytes } from "./file-bytes.ts";

/**
 * Reads the part of a file that an earlier attempt has stored and verifies it: `bytes` long, with the SHA-256 `digest`. Returns
 * the hash so far and the bytes read beyond that part. Throws a 422 for a different file.
 */
export async function verifyPrefix(
  file: FileBytes,
  prefix: { bytes: number; digest: string | null },
): Promise<{ hash: Hash; rest: Buffer }> {
  const hash = createHash("sha256");
  let left = prefix.bytes;
  let rest: Buffer = Buffer.alloc(0);
  while (left > 0) {
    const next = await file.next();
    if (next.done) throw differentFile();
    const taken = next.value.subarray(0, left);
    hash.update(taken);
    left -= taken.length;
    rest = next.value.subarray(taken.length);
  }
  if (prefix.digest !== null && hash.copy().digest("hex") !== prefix.digest) throw differentFile();
  return { hash, rest };
}

/** Reads a whole file and verifies that it is the file of a load that has ended. Throws a 422 for a different file. */
export async function verifyWholeFile(file: FileBytes, whole: { bytes: number; digest: string | null }): Promise<void> {
  const { rest } = await verifyPrefix(file, whole);
  for (let more = rest; ; ) {
    if (more.length > 0) throw differentFile();
    const next = await file.next();
    if (next.done) return;
    more = next.value;
  }
}

function differentFile(): Problem {
  return new Problem("unprocessable", "This Idempotency-Key was used for a load of a different file.");
}
