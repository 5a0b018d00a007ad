import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problem, toProblem } from "@quintet/http";
import type { FileBytes } from "../loads/file-bytes.ts";

const maxBytes = 16 * 1024 ** 3;

/** A whole file on disk that has no name any more: it disappears when it is closed, or with the process. */
export interface SpooledFile extends AsyncDisposable {
  handle: FileHandle;
  bytes: number;
}

/** Writes a file to the folder for temporary files (`TMPDIR`). Throws a 413 above 16 GiB, a 507 when the disk is full. */
export async function spool(file: FileBytes): Promise<SpooledFile> {
  const handle = await openUnnamed().catch(throwProblem);
  try {
    let bytes = 0;
    for (let next = await file.next(); !next.done; next = await file.next()) {
      if (bytes + next.value.length > maxBytes) {
        throw new Problem("payload-too-large", "A file of this format must not have more than 16 GiB.");
      }
      await handle.appendFile(next.value).catch(throwProblem);
      bytes += next.value.length;
    }
    return { handle, bytes, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openUnnamed(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "quintet-upload-"));
  try {
    return await open(join(folder, "file"), "wx+", 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A failure of the disk is no fault of the file. */
function throwProblem(error: unknown): never {
  throw toProblem(error);
}
