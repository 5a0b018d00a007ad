import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlainRow, type PlainValue, plainKey } from "../../store/plain-row.ts";
import type { Column, Table } from "../../tables/table.ts";
import { avroSchema, rowEncoder } from "./avro-schema.ts";
import { blockDecoder } from "./block-rows.ts";
import { ownRowReader } from "./own-fields.ts";
import { RowWriter } from "./row-writer.ts";

const dayMicros = 86_400_000_000;
const [minDay, maxDay] = [Date.UTC(1000, 0, 1) / 86_400_000, Date.UTC(9999, 11, 31) / 86_400_000];
const digits = (count: number) => fc.integer({ min: -(10 ** count) + 1, max: 10 ** count - 1 });
/** A decimal number in its shortest form. */
const decimal = digits(12).map((value) => String(value / 100));
const kinds: [column: Partial<Column>, values: fc.Arbitrary<PlainValue>][] = [
  [{ type: "integer" }, fc.integer({ min: -(2 ** 48) + 1, max: 2 ** 48 - 1 })],
  [{ type: "number", precision: 12, scale: 2 }, decimal],
  [{ type: "number", precision: 40, scale: 0 }, fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String)],
  [{ type: "string" }, fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !text.includes("\0"))],
  [{ type: "string" }, fc.constantFrom("", "\\N", "\t", "\n", "a\\b", " ", "é", "🦤")],
  [{ type: "boolean" }, fc.constantFrom(0, 1)],
  [{ type: "date" }, fc.integer({ min: minDay, max: maxDay })],
  [{ type: "time" }, fc.integer({ min: 0, max: dayMicros - 1 })],
  [{ type: "datetime", precision: 3, zoned: true }, fc.integer({ min: minDay * 86_400_000, max: maxDay * 86_400_000 })],
  [{ type: "datetime", precision: 6, zoned: false }, fc.integer({ min: -(2 ** 47), max: 2 ** 47 })],
  [{ type: "uuid" }, fc.uuid()],
  [{ type: "json" }, fc.json({ maxDepth: 1 })],
];
const columns = [
  ["id", { type: "integer", required: true }] as const,
  ...kinds.map(([column], at) => [`c${at}`, column] as const),
];
const table = {
  name: "things",
  columns: columns.map(
    ([name, column]) => ({ name, required: false, unique: false, zoned: true, ...column }) as Column,
  ),
  ...{ version: 1, primaryKey: ["id"], foreignKeys: [], missingValues: [], dialect: {} },
} as Table;
const own = avroSchema(table);
const values = fc.tuple(...kinds.map(([, value]) => fc.option(value, { nil: null })));
const encode = rowEncoder(table);

function encoded(rows: PlainValue[][]): Buffer {
  const parts = rows.map((row, at) => {
    const plain: PlainRow = { [plainKey(0)]: at + 1 };
    for (const [index, value] of row.entries()) plain[plainKey(index + 1)] = value;
    const to = Buffer.alloc(20_000);
    return to.subarray(0, encode(plain, to, 0));
  });
  return Buffer.concat(parts);
}

describe("rows in the schema of their table", () => {
  it("become the same text without being decoded", () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (rows) => {
        const data = encoded(rows);
        const decoded = blockDecoder(table, JSON.stringify({ ...own, doc: "another" }))({ rows: rows.length, data });
        const writer = new RowWriter(table);
        const read = ownRowReader(table, writer);
        writer.start(data.length);
        let at = 0;
        for (const _ of rows) {
          at = read(data, at);
          if (at > 0) writer.endRow();
        }
        expect(writer.text().toString()).toBe(decoded.text().toString());
        expect(at).toBe(data.length);
        const block = blockDecoder(table, JSON.stringify(own))({ rows: rows.length, data });
        expect(block.text().equals(decoded.text())).toBe(true);
        expect(block.rows()).toEqual(decoded.rows());
        expect(block.last).toEqual({ f0: rows.length });
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  it("are refused as decoded rows are", () => {
    const usual: PlainValue[] = kinds.map(() => null);
    const faulty: [index: number, value: PlainValue][] = [
      [6, minDay - 1],
      [6, 3e6],
      [7, dayMicros],
      [8, -1e14],
      [3, "a\0b"],
    ];
    for (const [index, value] of faulty) {
      const data = encoded([usual, usual.with(index, value)]);
      const messageOf = (schema: object) => {
        try {
          return blockDecoder(table, JSON.stringify(schema))({ rows: 2, data }).text();
        } catch (error) {
          return (error as Error).message;
        }
      };
      expect(messageOf(own)).toMatch(/^the row with id 2 has a c\d+ that the table cannot store/);
      expect(messageOf(own)).toBe(messageOf({ ...own, doc: "another" }));
    }
    const decode = blockDecoder(table, JSON.stringify(own));
    decode({ rows: 1, data: encoded([usual]) });
    expect(() => decode({ rows: 1, data: encoded([usual]) })).toThrow("the row with id 1 is out of order");
  });
});
