import { open, rename, stat } from "node:fs/promises";

const LIMIT_BYTES = 10_000_000;
const END_BYTES = 8_192;

/** Puts a server's log that has grown large aside; returns where the new lines will begin. */
export async function rotateLog(file: string): Promise<number> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size < LIMIT_BYTES) return size;
  await rename(file, `${file}.1`);
  return 0;
}

/** The last lines that were written after `start`, 8 KiB at most. */
export async function endOfLog(file: string, start: number): Promise<string> {
  const log = await open(file, "r");
  try {
    const { size } = await log.stat();
    const from = Math.max(start, size - END_BYTES);
    const { buffer } = await log.read(Buffer.alloc(Math.max(0, size - from)), 0, size - from, from);
    return buffer.toString().trimEnd();
  } finally {
    await log.close();
  }
}

/** The line of a log's end that says most of why its server ended: a full disk, else its first error, else its last words. */
export function telling(end: string): string {
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
