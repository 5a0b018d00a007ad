import { Problem } from "@quintet/http";
import { columnType } from "./ddl.ts";
import type { Table } from "./table.ts";

/** The limits of a table in InnoDB, with pages of 16 KiB. */
const maxRowBytes = 65_535;
const maxKeyBytes = 3072;
/** What is left for a row where a page has two: longer texts are stored outside of it, with a pointer of 20 bytes. */
const maxPageBytes = 8125;
const pointerBytes = 20;
/** The header of a row, and the ids of its transaction and of its undo record. */
const systemBytes = 5 + 6 + 7;
const maxKeyColumns = 16;

/** How many bytes a column takes. */
interface Width {
  /** At most, in a row as the server passes it around. */
  row: number;
  /** In a page, if it is not in the primary key. */
  page: number;
  /** At most, in a key. */
  key: number;
}

/** The bytes of a column by its type in the database, such as `VARCHAR(40)` or `int(11) unsigned`. */
function widthOf(type: string): Width {
  const [, name = "", first = "0", second = "0"] = /^(\w+)(?:\((\d+)(?:,\s*(\d+))?\))?/.exec(type.toLowerCase()) ?? [];
  const [size, digits] = [Number(first), Number(second)];
  const fixed = (bytes: number): Width => ({ row: bytes, page: bytes, key: bytes });
  const characterBytes = /\b(?:ascii|latin1)/i.test(type) ? 1 : 4;
  switch (name) {
    case "varchar": {
      const bytes = size * characterBytes;
      return {
        row: bytes + (bytes > 255 ? 2 : 1),
        page: bytes > 255 ? pointerBytes + 1 : bytes + 1,
        key: bytes,
      };
    }
    case "char":
      return fixed(size * characterBytes);
    case "mediumtext":
      return { row: 11, page: pointerBytes + 1, key: 0 };
    case "longtext":
      return { row: 12, page: pointerBytes + 1, key: 0 };
    case "decimal":
      return fixed(decimalBytes(size - digits) + decimalBytes(digits));
    case "time":
      return fixed(3 + Math.ceil(size / 2));
    case "datetime":
      return fixed(5 + Math.ceil(size / 2));
    default:
      return fixed({ boolean: 1, tinyint: 1, smallint: 2, mediumint: 3, date: 3, int: 4 }[name] ?? 8);
  }
}

/** Nine digits take four bytes, fewer take less. */
const decimalBytes = (digits: number) => Math.floor(digits / 9) * 4 + Math.ceil((digits % 9) / 2);

/**
 * Throws a 422 when a table would be beyond the limits of the database. The widest of its tables counts, that of rows as they were before a
 * load, which has two more columns; once a table has been `changed`, all but those of the key may be NULL there. `referred`: the types in
 * the database of columns that refer to another table.
 */
export function refuseTooLarge(
  { columns, primaryKey }: Omit<Table, "version">,
  referred: ReadonlyMap<string, string>,
  changed?: "changed",
): void {
  const loadId = widthOf("BIGINT");
  let row = 2 * loadId.row;
  let page = systemBytes + 2 * loadId.page;
  let key = loadId.key;
  let nullable = 1;
  for (const column of columns) {
    const width = widthOf(referred.get(column.name) ?? columnType(column));
    const inKey = primaryKey.includes(column.name);
    row += width.row;
    page += inKey ? width.row : width.page;
    if (inKey) key += width.key;
    else if (changed || !column.required) nullable++;
  }
  const nullBytes = Math.ceil(nullable / 8);
  if (primaryKey.length >= maxKeyColumns) {
    refuse("primaryKey", `has ${primaryKey.length} columns, and up to ${maxKeyColumns - 1} are possible`);
  }
  if (key > maxKeyBytes) {
    const [has, most] = [key - loadId.key, maxKeyBytes - loadId.key].map(counted);
    refuse(
      "primaryKey",
      `can have ${has} bytes, and up to ${most} are possible: a text takes 4 for each character of its maxLength`,
    );
  }
  if (row + nullBytes > maxRowBytes) {
    const message = `can have ${counted(row + nullBytes)} bytes together in a row, and up to ${counted(maxRowBytes)} are possible`;
    refuse("fields", `${message}: a text with a maxLength above 2,000, or without one, takes 11`);
  }
  if (page + nullBytes > maxPageBytes) {
    const message = `take ${counted(page + nullBytes)} bytes of a page together, and up to ${counted(maxPageBytes)} are possible`;
    refuse(
      "fields",
      `${message}: a text with a maxLength above 63 takes 21, a shorter one 4 for each character; or use fewer columns`,
    );
  }
}

const counted = (bytes: number) => bytes.toLocaleString("en");

function refuse(path: string, message: string): never {
  throw new Problem("unprocessable", `${path}: ${message}.`, { errors: [{ path, message }] });
}
