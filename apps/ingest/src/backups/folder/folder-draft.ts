import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { fullStorage } from "@quintet/http";
import { type Backup, madeBackup } from "../backup.ts";
import type { BackupName } from "../backup-name.ts";
import type { Sidecar } from "../sidecar.ts";
import { type BackupDraft, WriteFailed } from "../storage.ts";
import { draftPath } from "./draft-name.ts";
import { backupPath, removeFiles, sidecarPath, syncFolder, writeSidecarFile } from "./files.ts";
import { touchMs } from "./stale-drafts.ts";

/** A backup file that is written under a temporary name and renamed when it is complete and on disk. */
export class FolderDraft implements BackupDraft {
  isPublished = false;
  #bytes = 0;
  #sha256 = "";
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  readonly #folder: string;
  readonly #name: BackupName;
  readonly #touching: NodeJS.Timeout;

  private constructor(folder: string, name: BackupName, file: FileHandle) {
    this.#folder = folder;
    this.#name = name;
    this.#file = file;
    this.#touching = setInterval(() => {
      const now = new Date();
      file.utimes(now, now).catch(() => {});
    }, touchMs).unref();
  }

  static async begin(folder: string, name: BackupName): Promise<FolderDraft> {
    return failingAsWrite(async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return new FolderDraft(folder, name, await open(draftPath(folder, name), "wx", 0o600));
    });
  }

  async write(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await failingAsWrite(() => this.#file.appendFile(bytes));
  }

  async finish(): Promise<void> {
    clearInterval(this.#touching);
    await failingAsWrite(async () => {
      await this.#file.sync();
      await this.#file.close();
    });
    this.#sha256 = this.#hash.digest("hex");
  }

  async publish(details: Omit<Sidecar, "bytes" | "sha256">): Promise<Backup> {
    const side = { ...details, bytes: this.#bytes, sha256: this.#sha256 };
    await failingAsWrite(async () => {
      await writeSidecarFile(this.#folder, this.#name, side);
      await rename(draftPath(this.#folder, this.#name), backupPath(this.#folder, this.#name));
      this.isPublished = true;
      await syncFolder(this.#folder);
    });
    return madeBackup(this.#name, side);
  }

  async cleanUp(made: Backup | undefined): Promise<void> {
    clearInterval(this.#touching);
    await this.#file.close().catch(() => {});
    if (this.isPublished && (made === undefined || made.name === this.#name.name)) return;
    if (this.isPublished) await removeFiles(this.#folder, this.#name);
    await rm(sidecarPath(this.#folder, this.#name), { force: true });
    await rm(draftPath(this.#folder, this.#name), { force: true });
  }
}

/** Runs `work`; its failure is a `WriteFailed`. */
async function failingAsWrite<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new WriteFailed(fullStorage(error) !== undefined, error);
  }
}
