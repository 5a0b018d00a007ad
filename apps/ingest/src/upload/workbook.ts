import { csvField, Problem } from "@quintet/http";
import { SaxesParser } from "saxes";
import type { Entry } from "yauzl";
import { type CellKind, cellKinds, dateText, numberText } from "./cell-format.ts";
import { SharedStrings } from "./shared-strings.ts";
import type { ZipArchive } from "./zip-file.ts";

/** The most rows and columns that a sheet can have. */
const maxRows = 1_048_576;
const maxColumns = 16_384;
/** The width of a sheet is that of the widest of its first rows. */
const widthRows = 100;
const maxTextLength = 4 * 1024 * 1024;
const writtenLength = 64 * 1024;

/** The name of the file with the list of the sheets, in the ZIP archive that an Excel workbook is. */
export const workbookEntry = "xl/workbook.xml";

type Attributes = Readonly<Record<string, string>>;
interface Handlers {
  open?(name: string, attributes: Attributes): void;
  text?(text: string): void;
  close?(name: string): void;
}

interface Workbook {
  sheets: { name: string; path: string }[];
  strings: string | undefined;
  styles: string | undefined;
  /** Whether days are counted from 1904. */
  from1904: boolean;
}

/**
 * A sheet of an Excel workbook (ECMA-376) as CSV (RFC 4180) in UTF-8, converted while it is read: line `n` is row `n` as long as no
 * cell has a line end. `wanted`: its name, or its number from 1; the first one when absent. Formulas are their last results, dates are
 * ISO 8601. Throws a 422 for a sheet that does not exist or a formula without a result, a 400 for a damaged workbook.
 */
export async function* sheetAsCsv(zip: ZipArchive, wanted: string | undefined): AsyncGenerator<Buffer> {
  const workbook = await readWorkbook(zip);
  const { path } = findSheet(workbook, wanted);
  const strings = new SharedStrings();
  if (workbook.strings !== undefined) await readStrings(zip, workbook.strings, strings);
  const kinds = workbook.styles === undefined ? [] : await readStyles(zip, workbook.styles);
  const rows = new SheetRows(strings, kinds, workbook.from1904);
  for await (const _ of parsed(zip, path, rows)) {
    const text = rows.take(false);
    if (text !== "") yield Buffer.from(text);
  }
  yield Buffer.from(rows.take(true));
}

/** Reads an XML file in the archive; yields after each part of it. */
async function* parsed(zip: ZipArchive, path: string, handlers: Handlers): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false, position: false });
  const decoder = new TextDecoder("utf-8");
  let quiet = 0;
  // Names may have any prefix.
  const local = (name: string) => name.slice(name.indexOf(":") + 1);
  parser.on("error", (error) => {
    throw damaged(error);
  });
  parser.on("opentag", ({ name, attributes }) => {
    quiet = 0;
    handlers.open?.(local(name), attributes as Attributes);
  });
  parser.on("text", (text) => handlers.text?.(text));
  parser.on("cdata", (text) => handlers.text?.(text));
  parser.on("closetag", ({ name }) => {
    quiet = 0;
    handlers.close?.(local(name));
  });
  for await (const chunk of zip.read(entryOf(zip, path))) {
    quiet += chunk.length;
    if (quiet > maxTextLength) throw tooLarge("a text with more than 4 MiB");
    parser.write(decoder.decode(chunk, { stream: true }));
    yield;
  }
  parser.write(decoder.decode());
  parser.close();
}

async function parseAll(zip: ZipArchive, path: string, handlers: Handlers): Promise<void> {
  for await (const _ of parsed(zip, path, handlers));
}

function entryOf({ entries }: ZipArchive, path: string): Entry {
  const entry = entries.find(({ fileName }) => fileName.toLowerCase() === path.toLowerCase());
  if (!entry) throw damaged(new Error(`${path} is missing`));
  return entry;
}

async function readWorkbook(zip: ZipArchive): Promise<Workbook> {
  const targets = new Map<string, string>();
  const found: Workbook = { sheets: [], strings: undefined, styles: undefined, from1904: false };
  await parseAll(zip, "xl/_rels/workbook.xml.rels", {
    open(name, { Id: id, Target: target, Type: type }) {
      if (name !== "Relationship" || id === undefined || target === undefined) return;
      const path = new URL(target, "zip://x/xl/").pathname.slice(1);
      targets.set(id, decodeURIComponent(path));
      if (type?.endsWith("/sharedStrings")) found.strings = decodeURIComponent(path);
      if (type?.endsWith("/styles")) found.styles = decodeURIComponent(path);
    },
  });
  await parseAll(zip, workbookEntry, {
    open(name, attributes) {
      if (name === "workbookPr") found.from1904 = /^(?:1|true|on)$/.test(attributes.date1904 ?? "");
      if (name !== "sheet") return;
      const id = Object.entries(attributes).find(([key]) => /:id$/.test(key))?.[1];
      const path = targets.get(id ?? "");
      if (path?.includes("worksheets/")) found.sheets.push({ name: attributes.name ?? "", path });
    },
  });
  return found;
}

function findSheet({ sheets }: Workbook, wanted: string | undefined) {
  const same = (name: string) => name.toLowerCase() === wanted?.toLowerCase();
  const sheet =
    wanted === undefined ? sheets[0] : (sheets.find(({ name }) => same(name)) ?? sheets[Number(wanted) - 1]);
  if (sheet) return sheet;
  if (sheets.length === 0) throw damaged(new Error("no sheet"));
  const names = sheets.slice(0, 20).map(({ name }) => name.slice(0, 40));
  const message = `the workbook has no such sheet; it has ${names.join(", ")}`;
  throw new Problem("unprocessable", `sheet: ${message}.`, { errors: [{ path: "sheet", message }] });
}

/** The texts of cells; what is in `rPh` tells how they are pronounced. */
class TextReader {
  text = "";
  #inText = false;
  #isPhonetic = false;

  open(name: string): void {
    if (name === "rPh") this.#isPhonetic = true;
    else if (name === "t") this.#inText = !this.#isPhonetic;
  }

  add(text: string): void {
    if (this.#inText) this.text += text;
  }

  close(name: string): void {
    if (name === "rPh") this.#isPhonetic = false;
    else if (name === "t") this.#inText = false;
  }

  take(): string {
    const text = this.text;
    this.text = "";
    return unescaped(text);
  }
}

/** Characters that XML cannot have are written as `_x000D_`. */
function unescaped(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(/_x([0-9a-f]{4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

async function readStrings(zip: ZipArchive, path: string, strings: SharedStrings): Promise<void> {
  const reader = new TextReader();
  await parseAll(zip, path, {
    open: (name) => reader.open(name),
    text: (text) => reader.add(text),
    close(name) {
      reader.close(name);
      if (name === "si") strings.add(reader.take());
    },
  });
}

/** What the numbers in cells of each style are. */
async function readStyles(zip: ZipArchive, path: string): Promise<CellKind[]> {
  const formats = new Map<number, string>();
  const styles: number[] = [];
  let inCells = false;
  await parseAll(zip, path, {
    open(name, { numFmtId, formatCode }) {
      if (name === "numFmt") formats.set(Number(numFmtId), formatCode ?? "");
      else if (name === "cellXfs") inCells = true;
      else if (name === "xf" && inCells) styles.push(Number(numFmtId ?? 0));
    },
    close(name) {
      if (name === "cellXfs") inCells = false;
    },
  });
  return cellKinds(styles, formats);
}

/** The rows of a sheet as they are read. */
class SheetRows implements Handlers {
  readonly #strings: SharedStrings;
  readonly #kinds: readonly CellKind[];
  readonly #from1904: boolean;
  readonly #inline = new TextReader();
  /** The first rows, until the width is known. */
  #first: string[][] | undefined = [];
  #width = 0;
  #text = "";
  #row = 0;
  #cells: string[] = [];
  #length = 0;
  #column = -1;
  #type = "n";
  #kind: CellKind = "number";
  #value = "";
  #hasValue = false;
  #hasFormula = false;
  #inValue = false;

  constructor(strings: SharedStrings, kinds: readonly CellKind[], from1904: boolean) {
    this.#strings = strings;
    this.#kinds = kinds;
    this.#from1904 = from1904;
  }

  /** The CSV since the last call, if there is enough of it. `ended`: there are no more rows. */
  take(ended: boolean): string {
    if (ended) this.#writeFirst();
    if (!ended && this.#text.length < writtenLength) return "";
    const text = this.#text;
    this.#text = "";
    return text;
  }

  open(name: string, attributes: Attributes): void {
    if (name === "row") this.#openRow(Number(attributes.r ?? this.#row + 1));
    else if (name === "c") this.#openCell(attributes);
    else if (name === "v") {
      this.#inValue = true;
      this.#hasValue = true;
    } else if (name === "f") this.#hasFormula = true;
    else this.#inline.open(name);
  }

  text(text: string): void {
    if (this.#inValue) this.#value += text;
    else this.#inline.add(text);
  }

  close(name: string): void {
    if (name === "v") this.#inValue = false;
    else if (name === "c") this.#closeCell();
    else if (name === "row") this.#closeRow();
    else this.#inline.close(name);
  }

  #openRow(row: number): void {
    if (!(row > this.#row) || row > maxRows) throw damaged(new Error(`row ${row}`));
    // A row that is not there is an empty line.
    while (++this.#row < row) this.#write([]);
    this.#cells = [];
    this.#length = 0;
    this.#column = -1;
  }

  #openCell({ r: place, s: style, t: type = "n" }: Attributes): void {
    const column = place === undefined ? this.#column + 1 : columnOf(place);
    if (!(column > this.#column) || column >= maxColumns) throw damaged(new Error(`cell ${place}`));
    this.#column = column;
    this.#type = type;
    this.#kind = this.#kinds[Number(style ?? 0)] ?? "number";
    this.#value = "";
    this.#hasValue = false;
    this.#hasFormula = false;
  }

  #closeCell(): void {
    const text = this.#cellText();
    if (text === "") return;
    this.#length += text.length;
    if (this.#length > maxTextLength) throw tooLarge("a row with more than 4 MiB");
    while (this.#cells.length < this.#column) this.#cells.push("");
    this.#cells.push(text);
  }

  #cellText(): string {
    const value = this.#value;
    if (this.#type === "inlineStr") return this.#inline.take();
    if (this.#hasFormula && !this.#hasValue) {
      const detail = `Row ${this.#row} has a formula without a result: open the workbook in a spreadsheet program and save it.`;
      throw new Problem("unprocessable", detail, { errors: [{ path: "file", message: detail }] });
    }
    if (value === "") return "";
    if (this.#type === "s") {
      const text = this.#strings.get(Number(value));
      if (text === undefined) throw damaged(new Error(`string ${value}`));
      return text;
    }
    if (this.#type === "b") return value.trim() === "1" || value.trim() === "true" ? "true" : "false";
    if (this.#type === "n") {
      return this.#kind === "number" ? numberText(value.trim()) : dateText(value.trim(), this.#kind, this.#from1904);
    }
    return unescaped(value);
  }

  #closeRow(): void {
    this.#write(this.#cells);
  }

  #write(cells: string[]): void {
    if (this.#first === undefined) {
      this.#text += this.#line(cells);
      return;
    }
    this.#first.push(cells);
    this.#width = Math.max(this.#width, cells.length);
    if (this.#first.length >= widthRows) this.#writeFirst();
  }

  #writeFirst(): void {
    const first = this.#first ?? [];
    this.#first = undefined;
    for (const cells of first) this.#text += this.#line(cells);
  }

  #line(cells: readonly string[]): string {
    if (cells.length === 0) return "\r\n";
    const missing = Math.max(0, this.#width - cells.length);
    return `${cells.map((cell) => csvField(cell)).join(",")}${",".repeat(missing)}\r\n`;
  }
}

/** The index of the column of a cell, such as 27 for AB3. */
function columnOf(place: string): number {
  let column = 0;
  for (const letter of /^\$?([A-Z]{1,3})\$?\d+$/i.exec(place)?.[1]?.toUpperCase() ?? "") {
    column = column * 26 + letter.charCodeAt(0) - 64;
  }
  return column - 1;
}

function damaged(cause: unknown): Problem {
  return new Problem("bad-request", "The file is not a valid Excel workbook: it is damaged.", { cause });
}

function tooLarge(what: string): Problem {
  return new Problem("payload-too-large", `The workbook has ${what}: send it as CSV.`);
}
