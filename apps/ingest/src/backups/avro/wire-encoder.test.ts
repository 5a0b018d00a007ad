import { describe, expect, it } from "vitest";
import { type PlainRow, type PlainValue, plainKey, plainValue } from "../../store/plain-row.ts";
import type { Column, Table } from "../../tables/table.ts";
import { type RowEncoder, rowEncoder } from "./avro-schema.ts";
import { wireEncoder } from "./wire-encoder.ts";

const column = (type: Column["type"], more: Partial<Column> = {}): Column => ({
  ...{ name: `c_${type}`, type, required: false, unique: false, zoned: true },
  ...more,
});

function tableOf(columns: Column[]): Table {
  const named = columns.map((each, at) => ({ ...each, name: `c${at}` }));
  const rest = { version: 1, primaryKey: [], foreignKeys: [], missingValues: [], dialect: {} };
  return { name: "things", columns: named, ...rest };
}

/** A value as the server sends it: its type, whether it is unsigned, and its bytes. */
interface Sent {
  type: number;
  isUnsigned?: boolean;
  bytes: Buffer | null;
}

/** A row of the protocol: a zero, the bitmap of NULLs, the values. */
function wireRow(values: Sent[]): Buffer {
  const bitmap = Buffer.alloc((values.length + 9) >> 3);
  for (const [at, { bytes }] of values.entries()) if (bytes === null) bitmap[(at + 2) >> 3]! |= 1 << ((at + 2) & 7);
  return Buffer.concat([Buffer.of(0), bitmap, ...values.flatMap(({ bytes }) => bytes ?? [])]);
}

function encoded(table: Table, values: Sent[], room = 300): Buffer {
  const columns = values.map(({ type, isUnsigned }) => ({ columnType: type, flags: isUnsigned ? 32 : 0 }));
  const encode = wireEncoder(table, columns);
  const row = Buffer.concat([Buffer.from("before"), wireRow(values), Buffer.from("after")]);
  const to = Buffer.alloc(room);
  return to.subarray(0, encode({ buffer: row, offset: 6, end: row.length - 5 }, to, 0));
}

const encoders = new WeakMap<Table, RowEncoder<PlainRow>>();

/** The same row by avsc. */
function expected(table: Table, values: PlainValue[], room = 300): Buffer {
  const encode = encoders.get(table) ?? rowEncoder(table);
  encoders.set(table, encode);
  const row: PlainRow = Object.fromEntries(values.map((value, at) => [plainKey(at), value]));
  const to = Buffer.alloc(room);
  return to.subarray(0, encode(row, to, 0));
}

const integer = (value: bigint, bytes = 8, type = 8, isUnsigned = false): Sent => {
  const whole = Buffer.alloc(8);
  whole.writeBigInt64LE(value);
  return { type, isUnsigned, bytes: whole.subarray(0, bytes) };
};

const text = (value: string, type = 0xfd): Sent => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  const before = bytes.length < 251 ? length.subarray(0, 1) : Buffer.concat([Buffer.of(0xfd), length.subarray(0, 3)]);
  return { type, bytes: Buffer.concat([before, bytes]) };
};

/** A date of 4 bytes, a datetime of 7, one with a fraction of 11. */
const moment = (at: Date, length: 4 | 7 | 11, micros = 0): Sent => {
  const bytes = Buffer.alloc(12);
  bytes[0] = length;
  bytes.writeUInt16LE(at.getUTCFullYear(), 1);
  bytes.set([at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()], 3);
  bytes.writeUInt32LE(micros, 8);
  return { type: 12, bytes: bytes.subarray(0, length + 1) };
};

describe("rows of the protocol as Avro", () => {
  it("have the whole numbers of all types", () => {
    const big = tableOf([column("integer")]);
    const edges = Array.from({ length: 63 }, (_, bit) => 2n ** BigInt(bit + 1)).flatMap((edge) => [edge - 1n, edge]);
    const inRange = edges.filter((value) => value < 2n ** 63n);
    for (const value of [0n, 1n, ...inRange, ...inRange.map((each) => -each), -(2n ** 63n)]) {
      expect(encoded(big, [integer(value)])).toEqual(expected(big, [plainValue(big.columns[0]!, String(value))]));
    }
    const narrow: [bytes: number, type: number][] = [
      [1, 1],
      [2, 2],
      [4, 3],
      [4, 9],
    ];
    for (const [bytes, type] of narrow) {
      expect(encoded(big, [integer(-1n, bytes, type)])).toEqual(expected(big, [-1]));
      expect(encoded(big, [integer(-1n, bytes, type, true)])).toEqual(expected(big, [256 ** bytes - 1]));
    }
    expect(() => encoded(big, [text("1")])).toThrow("has the type 253");
  });

  it("have decimal numbers of any length in as few bytes as possible", () => {
    const table = tableOf([column("number", { precision: 38, scale: 3 })]);
    const digits = "12855325367321845699317499123456789012345";
    const wholes = [
      "0",
      "127",
      "128",
      "129",
      "255",
      "256",
      ...Array.from({ length: 35 }, (_, n) => digits.slice(0, n + 1)),
    ];
    for (const whole of wholes.flatMap((each) => [each, `-${each}`])) {
      const padded = whole.replace(/^(-?)(\d*)$/, (_, sign: string, rest: string) => sign + rest.padStart(4, "0"));
      const value = `${padded.slice(0, -3)}.${padded.slice(-3)}`;
      expect(encoded(table, [text(value, 0xf6)])).toEqual(expected(table, [value]));
    }
    expect(() => encoded(table, [text("1.5", 0xf6)])).toThrow("1 digits");
  });

  it("have the days of all kinds of years and times to the microsecond", () => {
    const days = tableOf([column("date")]);
    for (const from of [
      "0001-01-01",
      "0004-02-01",
      "1899-12-25",
      "1900-02-25",
      "1969-12-01",
      "2000-01-01",
      "9999-01-01",
    ]) {
      const start = Date.parse(`${from}T00:00:00Z`) / 86_400_000;
      for (let day = start; day < start + 365; day++) {
        const found = encoded(days, [moment(new Date(day * 86_400_000), 4)]);
        if (!found.equals(expected(days, [day]))) expect.fail(new Date(day * 86_400_000).toISOString());
      }
    }
    const times = tableOf([column("datetime"), column("datetime", { precision: 3 })]);
    for (const value of ["0001-01-01 00:00:00", "1969-12-31 23:59:59", "2024-02-29 12:34:56", "9999-12-31 23:59:59"]) {
      const at = new Date(`${value.replace(" ", "T")}Z`);
      for (const micros of [0, 1000, 999_000]) {
        const sent = moment(at, micros === 0 ? 7 : 11, micros);
        const full = `${value}.${String(micros).padStart(6, "0")}`;
        const plain = times.columns.map((each) => plainValue(each, full));
        expect(encoded(times, [sent, sent])).toEqual(expected(times, plain));
      }
    }
    const last = moment(new Date("9999-12-31T23:59:59Z"), 11, 999_999);
    const plain = times.columns.map((each) => plainValue(each, "9999-12-31 23:59:59.999999"));
    expect(encoded(times, [last, last])).toEqual(expected(times, plain));
    expect(encoded(times, [moment(new Date("2024-02-29T00:00:00Z"), 4), { type: 12, bytes: null }])).toEqual(
      expected(times, [plainValue(times.columns[0]!, "2024-02-29 00:00:00"), null]),
    );
    expect(() => encoded(days, [{ type: 10, bytes: Buffer.of(0) }])).toThrow("0000-00-00");
    const hours = tableOf([column("time")]);
    const time = Buffer.from([12, 0, 0, 0, 0, 0, 23, 59, 58, 0x3f, 0x42, 0x0f, 0]);
    expect(encoded(hours, [{ type: 11, bytes: time }])).toEqual(expected(hours, [86_398_999_999]));
    expect(encoded(hours, [{ type: 11, bytes: Buffer.of(0) }])).toEqual(expected(hours, [0]));
  });

  it("have texts of any length and NULL where a column may have it", () => {
    const table = tableOf([column("string"), column("boolean"), column("json"), column("uuid"), column("string")]);
    for (const length of [0, 1, 24, 25, 63, 64, 250, 251, 65_535, 65_536]) {
      const value = "a".repeat(length);
      const values = [text(value), { type: 1, bytes: Buffer.of(1) }, text('{"ñ":1}'), { type: 254, bytes: null }];
      expect(encoded(table, [...values, text("end")], 2 ** 18)).toEqual(
        expected(table, [value, 1, '{"ñ":1}', null, "end"], 2 ** 18),
      );
    }
    const required = tableOf([column("string", { required: true })]);
    expect(() => encoded(required, [{ type: 253, bytes: null }])).toThrow("c0 of things is NULL");
    expect(() => encoded(required, [{ type: 253, bytes: Buffer.from("\x01ab") }])).toThrow("other types");
    const columns = [{ columnType: 253, flags: 0 }];
    const row = wireRow([text("long")]);
    const missing = wireEncoder(required, columns)({ buffer: row, offset: 0, end: row.length }, Buffer.alloc(10), 0);
    expect(missing).toBe(10 - row.length - 12);
  });
});
