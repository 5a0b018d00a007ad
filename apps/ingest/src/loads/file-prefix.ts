import { createHash, type Hash } from "node:crypto";
import { Problem } from "@quintet/http";
import type { FileBytes } from "./file-bytes.ts";

/**
 * Reads the part of a file that an earlier attempt has stored and checks that it is the same: `bytes` long, with the SHA-256
 * `digest`. Returns the digest so far, to go on with, and what was read beyond. 422 when it is another file.
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

/** Reads a whole file and checks that it is the one of a load that ended. 422 when it is another. */
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
