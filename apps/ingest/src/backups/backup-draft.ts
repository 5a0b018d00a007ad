import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { type Backup, removeBackup } from "./backup-files.ts";
import { type BackupName, backupPath } from "./backup-name.ts";
import { draftPath } from "./draft-name.ts";
import { sidecarPath, syncFolder, writeSidecar } from "./sidecar.ts";
import { touchMs } from "./stale-drafts.ts";

/** A backup file that is being written under a temporary name and renamed when it is complete and on disk. */
export class BackupDraft {
  bytes = 0;
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  readonly #folder: string;
  readonly #name: BackupName;
  readonly #touching: NodeJS.Timeout;
  #sha256 = "";
  isPublished = false;

  private constructor(folder: string, name: BackupName, file: FileHandle) {
    this.#folder = folder;
    this.#name = name;
    this.#file = file;
    this.#touching = setInterval(() => {
      const now = new Date();
      file.utimes(now, now).catch(() => {});
    }, touchMs).unref();
  }

  static async begin(folder: string, name: BackupName): Promise<BackupDraft> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new BackupDraft(folder, name, await open(draftPath(folder, name), "wx", 0o600));
  }

  async write(parts: readonly Buffer[]): Promise<void> {
    for (const part of parts) {
      this.#hash.update(part);
      this.bytes += part.length;
    }
    // Not `writev`, which reports success after a partial write to a full disk.
    await this.#file.appendFile(Buffer.concat(parts));
  }

  /** Completes the file and syncs it to disk. */
  async finish(): Promise<void> {
    clearInterval(this.#touching);
    await this.#file.sync();
    await this.#file.close();
    this.#sha256 = this.#hash.digest("hex");
  }

  /** Publishes the completed file under its own name, after its sidecar, which also names the request. */
  async publish(rows: number, request?: { key: string; at: string }): Promise<Backup> {
    const known = { rows, bytes: this.bytes, sha256: this.#sha256 };
    await writeSidecar(this.#folder, this.#name, {
      ...known,
      ...(request ? { request: request.key, requestedAt: request.at } : {}),
    });
    await rename(draftPath(this.#folder, this.#name), backupPath(this.#folder, this.#name));
    this.isPublished = true;
    await syncFolder(this.#folder);
    return { ...this.#name, ...known, verified: true };
  }

  /** Deletes the draft, unless it became the backup `made`; deletes a published file only if another backup was made instead. */
  async cleanUp(made: Backup | undefined): Promise<void> {
    clearInterval(this.#touching);
    await this.#file.close().catch(() => {});
    if (this.isPublished && (made === undefined || made.name === this.#name.name)) return;
    if (this.isPublished) await removeBackup(this.#folder, this.#name);
    await rm(sidecarPath(this.#folder, this.#name), { force: true });
    await rm(draftPath(this.#folder, this.#name), { force: true });
  }
}
