import { type Column, columnNamed, type Table } from "../tables/table.ts";
import { type PlainRow, type PlainValue, plainKey } from "./plain-row.ts";

type Compare = (a: NonNullable<PlainValue>, b: NonNullable<PlainValue>) => number;

/** Compares two rows by their primary keys, in the order in which the server sorts them. */
export function keyOrder(table: Table): (a: PlainRow, b: PlainRow) => number {
  const parts = table.primaryKey.map((name) => {
    const column = columnNamed(table, name);
    return { key: plainKey(table.columns.indexOf(column)), compare: valueOrder(column) };
  });
  return (a, b) => {
    for (const { key, compare } of parts) {
      const order = compare(a[key]!, b[key]!);
      if (order !== 0) return order;
    }
    return 0;
  };
}

const ascending: Compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function valueOrder({ type }: Column): Compare {
  if (type === "number") return compareDecimals;
  return type === "string" || type === "json" ? compareTexts : ascending;
}

/** Compares two decimal numbers in their shortest form. */
const compareDecimals: Compare = (a, b) => {
  const [left, right] = [String(a), String(b)];
  const scale = Math.max(...[left, right].map((text) => text.length - (text.indexOf(".") + 1 || text.length)));
  return ascending(scaled(left, scale), scaled(right, scale));
};

function scaled(text: string, scale: number): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(scale, "0"));
}

const space = 0x20;

/** The order of utf8mb4_bin: by code points, as if the shorter text had spaces at its end ("PAD SPACE"). */
const compareTexts: Compare = (a, b) => {
  if (a === b) return 0;
  const [left, right] = [Buffer.from(String(a)), Buffer.from(String(b))];
  const common = Math.min(left.length, right.length);
  const order = left.compare(right, 0, common, 0, common);
  if (order !== 0) return order;
  const [longer, sign] = left.length > common ? [left, 1] : [right, -1];
  for (let at = common; at < longer.length; at++) {
    const byte = longer[at]!;
    if (byte !== space) return byte < space ? -sign : sign;
  }
  return 0;
};
