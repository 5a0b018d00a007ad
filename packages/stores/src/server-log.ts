import { open, rename, stat } from "node:fs/promises";

const MAX_LOG_BYTES = 10_000_000;
const TAIL_BYTES = 8_192;

/** Renames a server's log to `.1` at 10 MB; returns the offset of the next line in bytes. */
export async function rotateLog(file: string): Promise<number> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size < MAX_LOG_BYTES) return size;
  await rename(file, `${file}.1`);
  return 0;
}

/** The last lines after the offset `start`, at most 8 KiB. */
export async function readLogTail(file: string, start: number): Promise<string> {
  const log = await open(file, "r");
  try {
    const { size } = await log.stat();
    const from = Math.max(start, size - TAIL_BYTES);
    const { buffer } = await log.read(Buffer.alloc(Math.max(0, size - from)), 0, size - from, from);
    return buffer.toString().trimEnd();
  } finally {
    await log.close();
  }
}

/** The line that best explains why a server exited: a full disk, else the first error, else the last line. */
export function mostRelevantLine(end: string): string {
  const lines = end
    .split("\n")
    .filter((line) => line.trim())
    .slice(-20);
  const found =
    lines.findLast((line) => /no space left|disk full/i.test(line)) ??
    lines.find((line) => /\b(ERROR|FATAL|PANIC)\b|Fatal error/.test(line)) ??
    lines.at(-1);
  return found?.trim() ?? "";
}
