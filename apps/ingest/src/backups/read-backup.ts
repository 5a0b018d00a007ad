import { createHash } from "node:crypto";
import type { Table } from "../tables/table.ts";
import { type BlockRows, blockDecoder } from "./avro/block-rows.ts";
import { DamagedFile, IncompatibleFile } from "./avro/byte-source.ts";
import { type Container, openContainer } from "./avro/container-reader.ts";
import type { BackupName } from "./backup-name.ts";
import type { BackupStorage } from "./storage.ts";

/** The SHA-256 of a file, in hex. */
export async function digestFile(storage: BackupStorage, name: BackupName): Promise<string> {
  const hash = createHash("sha256");
  using file = await storage.read(name);
  for await (const chunk of file.chunks) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * Reads a whole file once: its SHA-256, the number of rows by its block headers, and the fault if it cannot be read to the end.
 */
export async function scanFile(
  storage: BackupStorage,
  name: BackupName,
): Promise<{ sha256: string; rows: number | null; fault?: string }> {
  const hash = createHash("sha256");
  using file = await storage.read(name);
  const chunks = file.chunks[Symbol.asyncIterator]();
  const hashed = (async function* () {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      hash.update(next.value);
      yield next.value as Buffer;
    }
  })();
  const found = await countRows(hashed);
  // The digest covers the bytes after a fault as well.
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) hash.update(next.value);
  return { sha256: hash.digest("hex"), ...found };
}

async function countRows(chunks: AsyncIterable<Buffer>): Promise<{ rows: number | null; fault?: string }> {
  let rows = 0;
  try {
    for await (const block of (await openContainer(chunks)).blocks()) rows += block.rows;
  } catch (error) {
    if (error instanceof DamagedFile) return { rows: null, fault: `It is damaged: ${error.message}` };
    if (error instanceof IncompatibleFile) return { rows: null, fault: `It cannot be restored: ${error.message}.` };
    throw error;
  }
  return { rows };
}

/** Small blocks of other writers are joined, because each costs some statements. */
const minRows = 4096;

/** The rows of a backup of a table, some thousand at a time. Throws `DamagedFile` or `IncompatibleFile` at the first fault. */
export async function* backupBlocks(storage: BackupStorage, table: Table, name: BackupName): AsyncGenerator<BlockRows> {
  using file = await storage.read(name);
  yield* fileBlocks(table, file.chunks);
}

/** The rows of an Avro file as rows of a table, like `backupBlocks`; `anyOrder`: their ids need not ascend. */
export async function* fileBlocks(
  table: Table,
  chunks: AsyncIterable<Buffer>,
  anyOrder = false,
): AsyncGenerator<BlockRows> {
  const container: Container = await openContainer(chunks);
  const decode = blockDecoder(table, container.schema, anyOrder);
  let small: BlockRows[] = [];
  let rows = 0;
  for await (const bytes of container.blocks()) {
    const block = decode(bytes);
    small.push(block);
    rows += block.count;
    if (rows < minRows) continue;
    yield joined(small);
    small = [];
    rows = 0;
  }
  if (rows > 0) yield joined(small);
}

/** Joins several blocks into one. */
function joined(blocks: BlockRows[]): BlockRows {
  if (blocks.length === 1) return blocks[0] as BlockRows;
  return {
    count: blocks.reduce((sum, { count }) => sum + count, 0),
    last: blocks.at(-1)?.last,
    references: blocks[0]!.references.map((_, at) => blocks.flatMap(({ references }) => references[at]!)),
    text(numbers) {
      if (numbers === undefined) return Buffer.concat(blocks.map((block) => block.text()));
      let begin = 0;
      let at = 0;
      const parts = blocks.map((block) => {
        const own: number[] = [];
        while (at < numbers.length && (numbers[at] as number) < begin + block.count)
          own.push((numbers[at++] as number) - begin);
        begin += block.count;
        return block.text(own);
      });
      return Buffer.concat(parts);
    },
    rows: () => blocks.flatMap((block) => block.rows()),
  };
}

/** Checks that the fields of a backup fit a table. Throws `IncompatibleFile` or `DamagedFile`. */
export async function checkFields(storage: BackupStorage, table: Table, name: BackupName): Promise<void> {
  using file = await storage.read(name);
  blockDecoder(table, (await openContainer(file.chunks)).schema);
}

/** Reads all rows of a backup to check that the table can store them. */
export async function checkBlocks(storage: BackupStorage, table: Table, name: BackupName): Promise<void> {
  for await (const _ of backupBlocks(storage, table, name));
}
