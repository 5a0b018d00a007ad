import type { MysqlPool } from "@quintet/db";
import { Problem, toProblem } from "@quintet/http";
import { hasEnded } from "../loads/load.ts";
import type { LoadContext } from "../loads/load-context.ts";
import { prepareLoad } from "../loads/load-file.ts";
import { findLoadByKey } from "../loads/load-queries.ts";
import type { Tables } from "../tables/tables.ts";
import { storedFile } from "../upload/file-in-body.ts";
import { endUploadLoad, findUpload, setUploadLoad, type UploadLoad, uploadsToLoad } from "./upload-queries.ts";
import type { Uploads } from "./uploads.ts";

interface LoadUploadDeps {
  db: MysqlPool;
  loads: LoadContext;
  tables: Tables;
  uploads: Uploads;
}

/** The problems of a file, which stay as long as it does. */
const lastingStatuses = [400, 403, 404, 413, 415, 422];

/**
 * Loads uploads that are complete, as they have asked for when they were created. The load has a key of its own, so that another process
 * resumes it when this one is killed, and no file is loaded twice.
 */
export class LoadUploads {
  readonly #deps: LoadUploadDeps;
  readonly #closing = new AbortController();
  /** The uploads that this process loads now. */
  readonly #loading = new Map<string, Promise<void>>();

  constructor(deps: LoadUploadDeps) {
    this.#deps = deps;
  }

  /** Begins to load all uploads that are complete and not loaded. */
  async beginAll(): Promise<void> {
    for (const id of await uploadsToLoad(this.#deps.db)) this.begin(id);
  }

  /** Begins to load an upload if it is complete, asks for it, and is not loaded. */
  begin(id: string): void {
    if (this.#loading.has(id) || this.#closing.signal.aborted) return;
    const loading = this.#load(id)
      .catch((error: unknown) => this.#deps.loads.log.warn({ err: error }, "An upload could not be loaded; will retry"))
      .finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
  }

  /** Stops the loads; another process goes on with them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#loading.values());
  }

  async #load(id: string): Promise<void> {
    const { db, uploads } = this.#deps;
    const upload = await findUpload(db, id);
    if (!upload?.load || upload.load.end || (await uploads.bytesOf(id)) !== upload.size) return;
    try {
      await this.#run(id, upload.load, { name: uploads.nameOf(upload), bytes: upload.size });
      await endUploadLoad(db, id, null);
    } catch (error) {
      const problem = toProblem(error);
      if (await this.#lasts(problem, upload.load)) await endUploadLoad(db, id, problem.message);
      else if (problem.status >= 500) throw error;
    }
  }

  async #run(id: string, { request }: UploadLoad, { name, bytes }: { name: string; bytes: number }): Promise<void> {
    const { db, loads, tables, uploads } = this.#deps;
    const { options, requester, sheet } = request;
    const table = await tables.find(options.table);
    if (!table) throw new Problem("not-found", `There is no table ${options.table} any more.`);
    const file = await storedFile(uploads.read(id, this.#closing.signal), { name, bytes, sheet });
    const prepared = await prepareLoad(loads, table, options, requester, file);
    await setUploadLoad(db, id, prepared.id);
    await prepared.run();
  }

  /** Whether a problem would be the same the next time. */
  async #lasts({ status }: Problem, { request }: UploadLoad): Promise<boolean> {
    if (this.#closing.signal.aborted) return false;
    if (lastingStatuses.includes(status)) return true;
    const { db, heartbeatTimeoutMs } = this.#deps.loads;
    const kept = await findLoadByKey(db, request.requester.key ?? "", heartbeatTimeoutMs);
    return kept !== undefined && hasEnded(kept.load.status);
  }
}
