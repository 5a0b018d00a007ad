import { closeSync, fstatSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { reportLogFault } from "./log-faults.ts";

/** Where lines are encoded; a buffer for each write would cost more than the write. */
const scratch = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * A log file to which several processes append whole lines. When the file is renamed, by `rotateLog` or by a program such as logrotate, a
 * new one of the same name is opened. While it cannot be written, for example because the disk is full, lines are dropped and counted; the
 * first line afterwards says how many. The process keeps running.
 */
export class LogFile {
  readonly #path: string;
  #fd: number | undefined;
  /** Device and inode of the open file. */
  #id = "";
  #lost = 0;
  /** Whether the file ends with an incomplete line. */
  #isCut = false;

  constructor(path: string) {
    this.#path = path;
    // Opened at once, so that nothing is lost when the process ends right after its start.
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#open();
    } catch (error) {
      this.#report(error);
    }
  }

  /** Appends lines, each with its line feed, synchronously. Never throws. */
  write(lines: string): void {
    try {
      this.#reopenIfReplaced();
      const before = this.#isCut ? "\n" : "";
      if (this.#lost > 0) this.#add(before + lostLine(this.#lost));
      else if (before) this.#add(before);
      this.#lost = 0;
      this.#add(lines);
    } catch (error) {
      this.#lost += lines.split("\n").length - 1;
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    reportLogFault(`The log ${this.#path} cannot be written (${code}); lines are lost until it can`);
  }

  #add(text: string): void {
    const fits = text.length * 3 <= scratch.length;
    const bytes = fits ? scratch : Buffer.from(text);
    const length = fits ? scratch.write(text) : bytes.length;
    for (let written = 0; written < length; ) {
      written += writeSync(this.#fd as number, bytes, written, length - written);
      this.#isCut = bytes[written - 1] !== 0x0a;
    }
  }

  #open(): void {
    this.#fd = openSync(this.#path, "a", 0o600);
    this.#id = idOf(fstatSync(this.#fd));
    this.#isCut = false;
  }

  /** Opens the file again when its name belongs to another file, or to none. */
  #reopenIfReplaced(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (this.#fd !== undefined && found && idOf(found) === this.#id) return;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#open();
  }
}

function idOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev} ${ino}`;
}

function lostLine(lost: number): string {
  return `${JSON.stringify({
    "log.level": "error",
    "@timestamp": new Date().toISOString(),
    "process.pid": process.pid,
    "ecs.version": "8.10.0",
    "service.name": "log",
    message: `${lost} lines were lost while this log could not be written`,
  })}\n`;
}

/** The size at which a log is rotated, in bytes, and how many rotated files are kept. */
export interface LogLimits {
  maxBytes: number;
  kept: number;
}

/** The limits in the settings, which the programs themselves validate. */
export function logLimits(env: NodeJS.ProcessEnv): LogLimits {
  const megabytes = Number(env.LOG_MAX_MB || 100);
  return { maxBytes: megabytes > 0 ? megabytes * 1e6 : Number.POSITIVE_INFINITY, kept: Number(env.LOG_KEEP || 5) };
}

/**
 * Rotates a log that has grown too large: `log` becomes `log.1`, `log.1` becomes `log.2`, and the oldest is removed. Called by one process
 * of a program. Pipes, terminals and links are left alone. Never throws.
 */
export function rotateLog(path: string, { maxBytes, kept }: LogLimits): void {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found?.isFile() || found.size < maxBytes) return;
    for (let i = kept; i > 1; i--) renameIfExists(`${path}.${i - 1}`, `${path}.${i}`);
    if (kept > 0) renameSync(path, `${path}.1`);
    else rmSync(path);
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    reportLogFault(`The log ${path} cannot be rotated (${(error as NodeJS.ErrnoException).code}) and keeps growing`);
  }
}

function renameIfExists(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
