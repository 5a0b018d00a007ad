import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { writeFaultBeside } from "./write-fault.ts";

/** The locks of this process. One that nobody refers to would else be closed with its garbage. */
const held = new Set<DatabaseSync>();

/**
 * Takes an exclusive lock on a file that lasts until release() or the end of the process, or null when another holds it.
 * SQLite takes the lock in the kernel, so that a crash frees it and no stale lock has to be guessed at.
 */
export function tryLock(file: string): { release(): void } | null {
  const database = openFile(file);
  try {
    // Nothing is ever written, so that a journal would only be left behind.
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/.test(error.message)) return null;
    throw writeFaultBeside(file, error);
  }
  held.add(database);
  return {
    release() {
      held.delete(database);
      database.close();
    },
  };
}

/** Runs work while holding the lock on a file; waits for another holder, in this process or any other. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const lock = tryLock(file);
    if (lock) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    await delay(25);
  }
}

function openFile(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file);
  } catch (error) {
    throw writeFaultBeside(file, error);
  }
}
