import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Table } from "../tables.ts";
import { type BackupName, readBackupName } from "./backup-name.ts";
import { openContainer } from "./container-reader.ts";

/** A backup as clients see it. */
export interface Backup extends BackupName {
  rows: number;
  bytes: number;
  /** Of the whole file, in hex. */
  sha256: string;
}

/** What is written down beside a file; `request` is the key of the request that it was made for. */
const facts = z.object({
  rows: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  request: z.string().optional(),
});
const requestDays = 2;
const noSuchFile = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";

/** Where the file of a backup is. */
export function backupPath(folder: string, { name }: BackupName): string {
  return join(folder, name);
}

/** The names of all backups in a folder, newest first. The files themselves are the truth; a folder that is not there has none. */
export async function backupNames(folder: string): Promise<BackupName[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    if (noSuchFile(error)) return [];
    throw error;
  });
  return files
    .flatMap((file) => readBackupName(file) ?? [])
    .sort((a, b) => compare(b.createdAt, a.createdAt) || compare(b.name, a.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The backup of that name; `undefined` when its file is gone. */
export async function findBackup(folder: string, name: BackupName): Promise<Backup | undefined> {
  try {
    const { size } = await stat(backupPath(folder, name));
    const { rows, sha256 } = (await readFacts(folder, name)) ?? (await learnFacts(folder, name));
    return { ...name, rows, sha256, bytes: size };
  } catch (error) {
    if (noSuchFile(error)) return undefined;
    throw error;
  }
}

/** The backup that was made for a request of the last two days. */
export async function backupOfRequest(folder: string, table: Table, requestKey: string): Promise<Backup | undefined> {
  const since = new Date(Date.now() - requestDays * 86_400_000).toISOString();
  for (const name of await backupNames(folder)) {
    if (name.createdAt < since) return undefined;
    if (name.table === table.name && (await readFacts(folder, name))?.request === requestKey) {
      return findBackup(folder, name);
    }
  }
  return undefined;
}

/** What was written down beside the file when it was made. */
async function readFacts(folder: string, name: BackupName): Promise<z.infer<typeof facts> | undefined> {
  try {
    return facts.parse(JSON.parse(await readFile(factsPath(folder, name), "utf8")));
  } catch (error) {
    if (noSuchFile(error)) return undefined;
    throw error;
  }
}

/** Learns what is written down beside other backups from a file that was brought here by hand. */
async function learnFacts(folder: string, name: BackupName): Promise<z.infer<typeof facts>> {
  const path = backupPath(folder, name);
  const learned = { rows: 0, ...(await digestFile(path)) };
  const container = await openContainer(createReadStream(path)).catch(() => undefined);
  try {
    for await (const block of container?.blocks() ?? []) learned.rows += block.rows;
  } catch {
    learned.rows = 0;
  }
  await writeFacts(folder, name, learned);
  return learned;
}

/** The SHA-256 and length of a file. */
export async function digestFile(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** A file that is being written under a name that nobody lists, and gets its own name when it is whole and on the disk. */
export class BackupDraft {
  bytes = 0;
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  readonly #folder: string;
  readonly #name: BackupName;

  private constructor(folder: string, name: BackupName, file: FileHandle) {
    this.#folder = folder;
    this.#name = name;
    this.#file = file;
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
    await this.#file.writev([...parts]);
  }

  /** Puts the file where it is listed; what was written down about it is there before. */
  async finish(rows: number, requestKey?: string): Promise<Backup> {
    await this.#file.sync();
    await this.#file.close();
    const known = { rows, bytes: this.bytes, sha256: this.#hash.digest("hex") };
    await writeFacts(this.#folder, this.#name, { ...known, ...(requestKey ? { request: requestKey } : {}) });
    await rename(draftPath(this.#folder, this.#name), backupPath(this.#folder, this.#name));
    await syncFolder(this.#folder);
    return { ...this.#name, ...known };
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(draftPath(this.#folder, this.#name), { force: true });
  }
}

function draftPath(folder: string, { name }: BackupName): string {
  return join(folder, `.${name}.draft`);
}

function factsPath(folder: string, { name }: BackupName): string {
  return join(folder, `${name}.json`);
}

async function writeFacts(folder: string, name: BackupName, known: z.infer<typeof facts>): Promise<void> {
  const draft = join(folder, `.${name.name}.json.draft`);
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(known)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, factsPath(folder, name));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
