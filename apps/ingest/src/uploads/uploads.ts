import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { inMysqlTransaction, type MysqlPool, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { FileStore } from "@tus/file-store";
import { MemoryLocker, Server, type Upload } from "@tus/server";
import { doneTable } from "../store/bulk-store.ts";
import {
  deleteUpload,
  expiredUploads,
  findUpload,
  insertUpload,
  type LoadRequest,
  type StoredUpload,
} from "./upload-queries.ts";

/** Where uploads are, and their limits. */
export interface UploadSettings {
  folder: string;
  /** The max bytes of all uploads of an account. */
  accountBytes: number;
  /** The hours after which an upload is deleted, complete or not. */
  hours: number;
}

/** A complete upload as a file. */
export interface UploadedFile {
  path: string;
  name: string;
  bytes: number;
}

/** The path of all uploads. */
export const uploadsPath = "/ingest/uploads";

/**
 * Resumable uploads by tus 1.0, of which everybody sees only their own. Their bytes are in a folder that all processes share, the rest
 * is in MySQL, so that any process serves any upload. Requests for an upload exclude each other within a process only: what two
 * processes write to the same position is the same, because the client sends the same file again.
 */
export class Uploads {
  readonly settings: UploadSettings;
  readonly #db: MysqlPool;
  readonly #locker = new MemoryLocker();
  #store: Promise<FileStore> | undefined;

  constructor(db: MysqlPool, settings: UploadSettings) {
    this.#db = db;
    this.settings = settings;
  }

  /** The folder is made with the first upload. */
  #open(): Promise<FileStore> {
    this.#store ??= this.#create().catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  async #create(): Promise<FileStore> {
    const [{ FileStore }] = await Promise.all([
      import("@tus/file-store"),
      mkdir(this.settings.folder, { recursive: true, mode: 0o700 }),
    ]);
    const db = this.#db;
    const store = new FileStore({
      directory: this.settings.folder,
      expirationPeriodInMilliseconds: this.settings.hours * 3_600_000,
      configstore: {
        get: async (id) => {
          const found = await findUpload(db, id);
          return found && toUpload(found);
        },
        // It is added before, together with its owner.
        set: async () => {},
        delete: (id) => deleteUpload(db, id),
      },
    });
    store.extensions = store.extensions.filter((name) => name !== "creation-defer-length");
    return store;
  }

  /**
   * The response of the tus protocol to a request by an account; the upload in its path must be found by `find`. `loadRequest`: how a
   * new upload is loaded once it is complete. There is one new upload per Idempotency-Key.
   */
  async respond(
    request: Request,
    accountId: number,
    { keyed, loadRequest }: { keyed?: KeyedRequest | undefined; loadRequest?: LoadRequest | undefined } = {},
  ): Promise<Response> {
    const id = randomBytes(16).toString("hex");
    let refused: unknown;
    let replayed: string | undefined;
    const server = new Server({
      path: uploadsPath,
      relativeLocation: true,
      datastore: await this.#open(),
      locker: this.#locker,
      maxSize: this.settings.accountBytes,
      namingFunction: () => id,
      onUploadCreate: async (_request, { size, metadata = {} }) => {
        try {
          if (Object.values(metadata).some((value) => value !== null && value.length > 4096)) {
            throw new Problem("bad-request", "Upload-Metadata: a value must have at most 4,096 characters.");
          }
          const added = { id, accountId, size: size ?? 0, metadata, loadRequest };
          const first = await inMysqlTransaction(this.#db, (connection) =>
            runOnce(mysqlProcessedRequests(connection, doneTable), keyed, async () => {
              if (!(await insertUpload(connection, added, this.settings.accountBytes))) throw this.#overQuota();
              return { id };
            }),
          );
          if (first.id !== id) {
            replayed = first.id;
            throw new Error("The upload was created before.");
          }
        } catch (error) {
          refused = error;
          throw error;
        }
        return {};
      },
    });
    const response = await server.handleWeb(request);
    // Which origins may call is decided for all paths alike.
    response.headers.delete("Access-Control-Allow-Origin");
    if (replayed !== undefined) return this.#created(replayed);
    if (refused !== undefined) throw refused;
    if (response.status >= 400) throw tusProblem(response.status, await response.text());
    return response;
  }

  /** The response to a repeated request that has created an upload. */
  async #created(id: string): Promise<Response> {
    const offset = String(await this.bytesOf(id));
    const headers = { Location: `${uploadsPath}/${id}`, "Tus-Resumable": "1.0.0", "Upload-Offset": offset };
    return new Response(null, { status: 201, headers });
  }

  /** The upload with that id, if it is the account's; otherwise throws a 404. */
  async find(id: string, accountId: number): Promise<StoredUpload> {
    const found = /^[0-9a-f]{32}$/.test(id) ? await findUpload(this.#db, id) : undefined;
    if (found?.accountId !== accountId) throw new Problem("not-found", "Upload not found.");
    return found;
  }

  /** The file of an upload. Throws a 404 when it is not the account's, a 409 when it is not complete. */
  async file(id: string, accountId: number): Promise<UploadedFile> {
    const { size, metadata } = await this.find(id, accountId);
    const bytes = await this.bytesOf(id);
    if (bytes !== size) {
      throw new Problem("conflict", `The upload is not complete: ${bytes} of ${size} bytes have arrived.`);
    }
    return { path: join(this.settings.folder, id), name: this.nameOf({ metadata }), bytes };
  }

  /** The name of the file of an upload; empty when it has none. */
  nameOf({ metadata }: Pick<StoredUpload, "metadata">): string {
    return metadata.filename ?? metadata.name ?? "";
  }

  /** The bytes of the file of an upload. */
  async *read(id: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    yield* createReadStream(join(this.settings.folder, id), { ...(signal && { signal }) }) as AsyncIterable<Buffer>;
  }

  /** How many bytes of an upload have arrived. */
  async bytesOf(id: string): Promise<number> {
    return stat(join(this.settings.folder, id)).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /** Deletes expired uploads; returns how many. A file that is read at that moment is read to its end. */
  async removeExpired(): Promise<number> {
    const ids = await expiredUploads(this.#db, this.settings.hours);
    for (const id of ids) {
      await unlink(join(this.settings.folder, id)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
      await deleteUpload(this.#db, id);
    }
    return ids.length;
  }

  #overQuota(): Problem {
    const gib = this.settings.accountBytes / 1024 ** 3;
    return new Problem(
      "payload-too-large",
      `Your uploads would have more than ${gib} GiB, or be more than 1,000. Delete some, or wait until they expire.`,
    );
  }
}

function toUpload({ id, size, metadata, createdAt }: StoredUpload): Upload {
  return { id, size, metadata, offset: 0, creation_date: createdAt.toISOString() } as Upload;
}

/** A refusal of the tus library as a problem. */
function tusProblem(status: number, text: string): Problem {
  const detail = text.trim().replace(/\.?$/, ".");
  if (status === 410) return new Problem("not-found", "The upload has expired.");
  if (status === 404) return new Problem("not-found", "Upload not found.");
  if (status === 409) return new Problem("conflict", detail);
  if (status === 412) return new Problem("precondition-failed", "Tus-Resumable must be 1.0.0.");
  if (status === 413) return new Problem("payload-too-large", detail);
  if (status === 501) {
    return new Problem("bad-request", "Upload-Length: the size of an upload must be known when it is created.");
  }
  if (status >= 500)
    return new Problem("unavailable", "The upload was interrupted: resume it.", { headers: { "Retry-After": "1" } });
  return new Problem("bad-request", detail);
}
