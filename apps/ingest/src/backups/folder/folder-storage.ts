import { type FileHandle, open, readdir, readFile, stat } from "node:fs/promises";
import { Problem } from "@quintet/http";
import { type BackupName, readBackupName } from "../backup-name.ts";
import { parseSidecar } from "../sidecar.ts";
import { type BackupStorage, StorageFailed, type StoredBytes } from "../storage.ts";
import { backupPath, removeFiles, sidecarPath, writeSidecarFile } from "./files.ts";
import { FolderDraft } from "./folder-draft.ts";
import { removeStaleDrafts } from "./stale-drafts.ts";

const chunkBytes = 1024 * 1024;

/** Backups as files of a folder, which is created with the first of them. */
export function folderStorage(folder: string): BackupStorage {
  const statFile = async (name: BackupName) => {
    try {
      const found = await stat(backupPath(folder, name));
      return found.isFile() ? { size: found.size, mtimeMs: found.mtimeMs } : undefined;
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
      throw error;
    }
  };
  return {
    async names() {
      const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw new Problem("unavailable", "The backup folder cannot be read at the moment.", { cause: error });
      });
      return files.flatMap((file) => readBackupName(file) ?? []);
    },
    stat: statFile,
    async read(name, range) {
      const file = await openFile(folder, name);
      return bytesOf(file.createReadStream({ highWaterMark: chunkBytes, ...range }));
    },
    begin: (name) => FolderDraft.begin(folder, name),
    async remove(name) {
      if (!(await statFile(name))) return false;
      await removeFiles(folder, name);
      return true;
    },
    async readSidecar(name) {
      const text = await readFile(sidecarPath(folder, name), "utf8").catch(() => undefined);
      return text === undefined ? undefined : parseSidecar(text, name);
    },
    writeSidecar: (name, side) => writeSidecarFile(folder, name, side),
    removeStale: () => removeStaleDrafts(folder),
  };
}

async function openFile(folder: string, name: BackupName): Promise<FileHandle> {
  try {
    return await open(backupPath(folder, name), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new Problem("not-found", "Backup not found.", { cause: error });
    }
    throw new Problem("unavailable", "The backup file cannot be read at the moment.", { cause: error });
  }
}

function bytesOf(stream: AsyncIterable<Buffer> & { destroy(): unknown }): StoredBytes {
  return {
    chunks: (async function* () {
      try {
        yield* stream;
      } catch (error) {
        throw new StorageFailed("The backup file cannot be read.", { cause: error });
      }
    })(),
    [Symbol.dispose]: () => void stream.destroy(),
  };
}
