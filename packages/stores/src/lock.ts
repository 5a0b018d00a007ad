import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { diagnoseWriteError } from "./write-error.ts";

/** The locks that this process holds, kept from garbage collection, which would release them. */
const heldLocks = new Set<DatabaseSync>();

/**
 * Takes an exclusive lock on a file, until release() or the end of the process; null when another process holds it.
 * SQLite uses the kernel's file locks, so a crash releases it and there are no stale locks.
 */
export function tryLock(file: string): { release(): void } | null {
  const database = openFile(file);
  try {
    // Nothing is ever written, so no journal is needed on disk.
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/.test(error.message)) return null;
    throw diagnoseWriteError(file, error);
  }
  heldLocks.add(database);
  return {
    release() {
      heldLocks.delete(database);
      database.close();
    },
  };
}

/** Runs work while holding the lock on a file; waits while it is held, in this process or another. */
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
    throw diagnoseWriteError(file, error);
  }
}
