import type { FileHandle } from "node:fs/promises";
import { type ColumnMetaData, type FileMetaData, parquetMetadata } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import type { SpooledFile } from "../spool.ts";
import { parquetProblem, tooLarge, unfit } from "./faults.ts";
import {
  checkPage,
  guarded,
  type PageHeader,
  readDataPage,
  readDictionary,
  type StoredValues,
  valuesIn,
} from "./page.ts";
import { type ParquetColumn, parquetColumn } from "./values.ts";

const maxFooterBytes = 64 * 1024 * 1024;
const maxHeaderBytes = 16 * 1024 * 1024;
const maxMemory = 512 * 1024 * 1024;

/** A Parquet file without nested columns. */
export interface ParquetFile {
  columns: readonly ParquetColumn[];
  groups: FileMetaData["row_groups"];
}

/** Reads what the end of a file says of it. Throws a 400 when it is damaged, a 422 when it has nested columns. */
export async function openParquet({ handle, bytes }: SpooledFile): Promise<ParquetFile> {
  const tail = await readAt(handle, Math.max(0, bytes - 8), Math.min(8, bytes));
  const mark = tail.toString("latin1", 4);
  if (mark === "PARE") throw unfit("The Parquet file is encrypted: send it without encryption.");
  if (bytes < 12 || mark !== "PAR1") throw parquetProblem(new Error("no footer"));
  const length = tail.readUInt32LE(0);
  if (length > bytes - 12) throw parquetProblem(new Error("length of the footer"));
  if (length > maxFooterBytes) throw tooLarge("a footer of more than 64 MiB");
  const footer = Uint8Array.from(await readAt(handle, bytes - 8 - length, length + 8));
  deserializeTCompactProtocol({ view: guarded(new DataView(footer.buffer)), offset: 0 });
  const { schema, row_groups: groups } = parquetMetadata(footer.buffer, { geoparquet: false });
  const [root, ...elements] = schema;
  const nested = elements.find(({ num_children, repetition_type }) => num_children || repetition_type === "REPEATED");
  if (nested) {
    const name = nested.name.slice(0, 64);
    throw unfit(`The column ${name} of the file is nested (a list, map or struct): write it as text, or leave it out.`);
  }
  if (elements.length === 0 || root?.num_children !== elements.length) throw new Error("schema");
  const columns = elements.map(parquetColumn);
  for (const group of groups) checkGroup(group, columns);
  return { columns, groups };
}

function checkGroup({ columns: chunks }: ParquetFile["groups"][number], columns: ParquetFile["columns"]): void {
  if (chunks.length !== columns.length) throw new Error("columns of a row group");
  for (const [at, { file_path, meta_data, crypto_metadata }] of chunks.entries()) {
    if (crypto_metadata) throw unfit("The Parquet file is encrypted: send it without encryption.");
    const { element, name } = columns[at]!;
    const [own, ...inner] = meta_data?.path_in_schema ?? [];
    if (file_path || own !== name || inner.length > 0 || meta_data?.type !== element.type) throw new Error("column");
  }
}

export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new Error("end of file");
    read += bytesRead;
  }
  return bytes;
}

/** The memory that the pages in use take, which is bounded. */
export class PageMemory {
  #bytes = 0;

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > maxMemory) throw tooLarge("row groups that need more than 512 MiB of memory");
  }
}

/** The values of a column in a row group, page by page, as fields of CSV. */
export class ColumnChunk {
  readonly #file: SpooledFile;
  readonly #column: ParquetColumn;
  readonly #codec: ColumnMetaData["codec"];
  readonly #memory: PageMemory;
  readonly #field: (text: string) => string;
  readonly #end: number;
  #at: number;
  #rowsLeft: number;
  #dictionary: string[] | undefined;
  #pageBytes = 0;
  /** The fields of the page that are values; a number, when the text is made of it only where it is written. */
  #values: StoredValues | readonly string[] = [];
  #areTexts = false;
  #indexes: Int32Array | undefined;
  #defined: Uint8Array | undefined;
  #index = 0;
  #value = 0;
  /** How many values of the page are left. */
  left = 0;

  /** `rows`: the rows of the group; `field`: the field of CSV for a text. */
  constructor(
    file: SpooledFile,
    column: ParquetColumn,
    meta: ColumnMetaData,
    { rows, memory, field }: { rows: number; memory: PageMemory; field: (text: string) => string },
  ) {
    const { dictionary_page_offset: dictionary, data_page_offset: data } = meta;
    const isFirst = dictionary !== undefined && dictionary > 0n && dictionary < data;
    this.#file = file;
    this.#column = column;
    this.#codec = meta.codec;
    this.#memory = memory;
    this.#field = field;
    this.#rowsLeft = rows;
    this.#at = Number(isFirst ? dictionary : data);
    this.#end = this.#at + Number(meta.total_compressed_size);
    if (!(this.#at >= 4 && this.#end <= file.bytes)) throw new Error("place of a column");
  }

  /** The next value as a field; undefined for none. There must be one left. */
  next(): string | undefined {
    this.left--;
    if (this.#defined !== undefined && this.#defined[this.#index++] === 0) return undefined;
    const at = this.#value++;
    if (this.#indexes !== undefined) return this.#dictionary![this.#indexes[at]!];
    const value = this.#values[at]!;
    return this.#areTexts ? (value as string) : this.#field(this.#column.text(value as never));
  }

  /** Reads pages until one has values. */
  async fill(): Promise<void> {
    while (this.left === 0) {
      if (this.#at >= this.#end) throw new Error("column ends early");
      const { header, start } = await this.#readHeader();
      const size = header.compressed_page_size;
      if (!(size >= 0 && header.uncompressed_page_size >= 0) || start + size > this.#end) throw new Error("page");
      this.#at = start + size;
      if (header.type === "DICTIONARY_PAGE") await this.#readDictionary(header, start);
      else if (header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2") await this.#readPage(header, start);
    }
  }

  async #readHeader(): Promise<{ header: PageHeader; start: number }> {
    for (let wanted = 4096; ; wanted *= 16) {
      const length = Math.min(wanted, this.#end - this.#at);
      const bytes = await readAt(this.#file.handle, this.#at, length);
      const reader = { view: guarded(new DataView(bytes.buffer)), offset: 0 };
      try {
        return { header: parquetHeader(reader), start: this.#at + reader.offset };
      } catch (error) {
        // A header is longer when it has the least and the greatest of long texts.
        if (length < wanted || wanted >= maxHeaderBytes) throw error;
      }
    }
  }

  async #bytesOf(header: PageHeader, start: number): Promise<Uint8Array> {
    const bytes = await readAt(this.#file.handle, start, header.compressed_page_size);
    checkPage(bytes, header);
    return bytes;
  }

  async #readDictionary(header: PageHeader, start: number): Promise<void> {
    this.#memory.add(header.uncompressed_page_size * 3 + (header.dictionary_page_header?.num_values ?? 0) * 32);
    const facts = { element: this.#column.element, codec: this.#codec };
    const values = await readDictionary(await this.#bytesOf(header, start), header, facts);
    this.#dictionary = Array.from(values, (value) => this.#field(this.#column.text(value)));
  }

  async #readPage(header: PageHeader, start: number): Promise<void> {
    const count = valuesIn(header);
    if (count > this.#rowsLeft) throw new Error("more values than rows");
    this.#memory.add(-this.#pageBytes);
    this.#pageBytes = header.uncompressed_page_size * 2 + count * 16;
    this.#memory.add(this.#pageBytes);
    const facts = { element: this.#column.element, codec: this.#codec };
    const page = await readDataPage(await this.#bytesOf(header, start), header, facts);
    const size = this.#dictionary?.length ?? 0;
    if (page.indexes?.some((index) => index < 0 || index >= size)) throw new Error("index in the dictionary");
    // Views of bytes take more memory than short texts.
    this.#areTexts = this.#column.element.type === "BYTE_ARRAY" || this.#column.element.type === "FIXED_LEN_BYTE_ARRAY";
    const values = page.values ?? [];
    this.#values = this.#areTexts ? Array.from(values, (value) => this.#field(this.#column.text(value))) : values;
    this.#indexes = page.indexes;
    this.#defined = page.defined;
    this.#index = 0;
    this.#value = 0;
    this.#rowsLeft -= count;
    this.left = count;
  }
}
