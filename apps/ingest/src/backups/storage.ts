import type { Backup } from "./backup.ts";
import type { BackupName } from "./backup-name.ts";
import type { Sidecar } from "./sidecar.ts";

/** What is known of a stored backup file without reading it. */
export interface StoredFile {
  /** Bytes. */
  size: number;
  /** When it was last written, ms since 1970. */
  mtimeMs: number;
}

/** Where backups are kept: a folder, or a prefix in a bucket. Names are those of `readBackupName`. */
export interface BackupStorage {
  /** Names of all backups, in any order; none when there is no place yet. Throws a 503 when it cannot be read. */
  names(): Promise<BackupName[]>;
  /** `undefined` when there is no such backup. */
  stat(name: BackupName): Promise<StoredFile | undefined>;
  /**
   * The bytes of a backup from `start` to `end` (inclusive), the whole file by default. Throws a 404 when there is none, a 503 when it
   * cannot be opened; a later failure is `StorageFailed`. Disposing of it before its end is safe.
   */
  read(name: BackupName, range?: { start: number; end: number }): Promise<StoredBytes>;
  /** Begins a new backup file. */
  begin(name: BackupName): Promise<BackupDraft>;
  /** Deletes a backup and its sidecar; whether there was one. */
  remove(name: BackupName): Promise<boolean>;
  /** The sidecar; `undefined` when it is missing, invalid or of another backup. */
  readSidecar(name: BackupName): Promise<Sidecar | undefined>;
  /** Writes the sidecar atomically. */
  writeSidecar(name: BackupName, sidecar: Sidecar): Promise<void>;
  /** Deletes what killed processes have left; files of running processes stay. */
  removeStale(): Promise<void>;
}

/** The bytes of a stored file. */
export interface StoredBytes extends Disposable {
  chunks: AsyncIterable<Buffer>;
}

/** A backup file that is being written: nobody sees it before it is published. */
export interface BackupDraft {
  readonly isPublished: boolean;
  write(bytes: Buffer): Promise<void>;
  /** Completes the file and makes it durable. */
  finish(): Promise<void>;
  /** Publishes the completed file under its own name, with its sidecar. */
  publish(details: Omit<Sidecar, "bytes" | "sha256" | "learned">): Promise<Backup>;
  /** Deletes the draft, unless it became the backup `made`; deletes a published file only if another backup was made instead. */
  cleanUp(made: Backup | undefined): Promise<void>;
}

/** The storage failed while a backup was read. */
export class StorageFailed extends Error {
  override name = "StorageFailed";
}

/** The storage failed while a backup was written; `isFull`: it has no room. */
export class WriteFailed extends Error {
  override name = "WriteFailed";
  readonly isFull: boolean;
  constructor(isFull: boolean, cause: unknown) {
    super("The backup cannot be written.", { cause });
    this.isFull = isFull;
  }
}
