import { describe, expect, it } from "vitest";
import { hiredEmployees, jobs } from "../demo-tables.ts";
import { CsvReader } from "./csv-reader.ts";
import { namedOrder } from "./header.ts";
import { rowFields } from "./load-data-format.ts";
import { RowBatch } from "./row-batch.ts";
import { rowFaults } from "./row-faults.ts";

/** What becomes of one record of hired_employees. */
function hire(record: string | Buffer) {
  const batch = new RowBatch(hiredEmployees, { rows: 10, bytes: 10_000 });
  const reader = new CsvReader(5);
  reader.push(Buffer.from(record));
  reader.end();
  for (let step = reader.next(); step !== "end"; step = reader.next()) batch.add(reader);
  expect(batch.received).toBe(1);
  const reject = batch.rejects[0];
  return reject ? `${reject.column}: ${reject.reason}` : rowFields(batch.text().toString().slice(0, -1));
}
const named = (name: string | Buffer) =>
  hire(Buffer.concat([Buffer.from("1,"), Buffer.from(name), Buffer.from(",2021-11-07T02:48:42Z,2,3")]));
const at = (datetime: string) => hire(`1,Ada,${datetime},2,3`)[2];
const refused = (datetime: string) => hire(`1,Ada,${datetime},2,3`);

describe("a row", () => {
  it("becomes the text that MySQL loads", () => {
    expect(hire("0017,Ada Lovelace,2021-11-07T02:48:42Z,2,2147483647")).toEqual([
      "17",
      "Ada Lovelace",
      "2021-11-07 02:48:42",
      "2",
      "2147483647",
    ]);
  });

  it.each([
    ["1,Ada,2021-11-07T02:48:42Z,2", ": has 4 columns, not 5"],
    ["1,Ada,2021-11-07T02:48:42Z,2,3,4", ": has 6 columns, not 5"],
    ["1", ": has 1 column, not 5"],
    [",Ada,2021-11-07T02:48:42Z,2,3", "id: is required"],
    ["1,,2021-11-07T02:48:42Z,2,3", "name: is required"],
    ["1,Ada,,2,3", "datetime: is required"],
    ["1,Ada,2021-11-07T02:48:42Z,,3", "department_id: is required"],
    ["1,Ada,2021-11-07T02:48:42Z,2,", "job_id: is required"],
    ["1,  ,2021-11-07T02:48:42Z,2,3", "name: is required"],
  ])("is refused when it is %s", (record, reason) => {
    expect(hire(record)).toBe(reason);
  });

  it.each(["0", "-1", "+1", "1.5", "1e3", " 1", "x", "2147483648", "9".repeat(30), "١", "0x1", "\u00a01", "1;DROP"])(
    "is refused with the id %j",
    (id) => {
      expect(hire(`${id},Ada,2021-11-07T02:48:42Z,2,3`)).toBe("id: must be a whole number from 1 to 2147483647");
    },
  );

  it("keeps every character of a text", () => {
    for (const name of ["a\tb", "back\\slash\\", "\\N", "é🦤", "a\rb", "'; DROP TABLE jobs; --", "x\u0001"]) {
      expect(named(name)[1]).toBe(name);
    }
    expect(named('"line\nend, ""quoted"""')[1]).toBe('line\nend, "quoted"');
    expect(named("🦤".repeat(255))[1]).toBe("🦤".repeat(255));
  });

  it("is refused with a text that is too long, invalid UTF-8, or has a NUL", () => {
    expect(named("x".repeat(256))).toBe("name: is longer than 255 characters");
    expect(named("é".repeat(256))).toBe("name: is longer than 255 characters");
    expect(named("🦤".repeat(400))).toBe("name: is longer than 255 characters");
    expect(named("a\0b")).toBe("name: contains a NUL");
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80]]) {
      expect(named(Buffer.from([0x61, ...bytes]))).toBe("name: is not valid UTF-8");
    }
  });

  it.each([
    ["2021-11-07T02:48:42Z", "2021-11-07 02:48:42"],
    ["2021-11-07t02:48:42z", "2021-11-07 02:48:42"],
    ["2021-11-07T02:48Z", "2021-11-07 02:48:00"],
    ["2021-11-07T02:48:42.5Z", "2021-11-07 02:48:42.500"],
    ["2021-11-07T02:48:42.123000Z", "2021-11-07 02:48:42.123"],
    ["2021-11-07T02:48:42.000Z", "2021-11-07 02:48:42"],
    ["2021-12-31T23:30:00-05:00", "2022-01-01 04:30:00"],
    ["2022-01-01T04:30:00+05:30", "2021-12-31 23:00:00"],
    ["2021-11-07T02:48:42+0100", "2021-11-07 01:48:42"],
    ["2021-11-07T02:48:42-03", "2021-11-07 05:48:42"],
    ["2020-02-29T00:00:00Z", "2020-02-29 00:00:00"],
    ["2000-02-29T00:00:00Z", "2000-02-29 00:00:00"],
    ["1000-01-01T00:00:00Z", "1000-01-01 00:00:00"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31 23:59:59.999"],
  ])("stores the date and time %s as %s", (given, stored) => {
    expect(at(given)).toBe(stored);
  });

  it.each([
    ["2021-02-29T00:00:00Z", "is a date or time that does not exist"],
    ["1900-02-29T00:00:00Z", "is a date or time that does not exist"],
    ["2021-04-31T00:00:00Z", "is a date or time that does not exist"],
    ["2021-13-01T00:00:00Z", "is a date or time that does not exist"],
    ["2021-00-01T00:00:00Z", "is a date or time that does not exist"],
    ["2021-01-00T00:00:00Z", "is a date or time that does not exist"],
    ["2021-01-01T24:00:00Z", "is a date or time that does not exist"],
    ["2021-01-01T00:60:00Z", "is a date or time that does not exist"],
    ["2021-01-01T00:00:60Z", "is a date or time that does not exist"],
    ["2021-11-07T02:48:42", "has no time zone: it must end in Z or an offset"],
    ["2021-11-07T02:48:42.1234Z", "is more precise than milliseconds"],
    ["0999-12-31T00:00:00Z", "is not in the years 1000 to 9999"],
    ["9999-12-31T23:59:59-01:00", "is not in the years 1000 to 9999"],
    ["1000-01-01T00:00:00+01:00", "is not in the years 1000 to 9999"],
  ])("is refused with the date and time %s", (given, reason) => {
    expect(refused(given)).toBe(`datetime: ${reason}`);
  });

  it("is refused when the day or the month may come first", () => {
    for (const given of ["07/11/2021", "24/11/2020"]) {
      expect(refused(given)).toMatch(/^datetime: may have the day or the month first/);
    }
  });

  it.each([
    "2021-11-07",
    "20211107T024842Z",
    "2021-11-07T02:48:4Z",
    "2021-11-07T02:48:Z",
    "2021-11-07T02:48.5Z",
    "2021-11-07T02:48:42.Z",
    "2021-11-07T02:48:42+25:00",
    "2021-11-07T02:48:42+01:60",
    "2021-11-07T02:48:42+1",
    "2021-11-07T02:48:42ZZ",
    "2021-11-07T02:48:42 Z",
    "yesterday at noon!!!",
    "٢٠٢١-11-07T02:48:42Z",
  ])("is refused with %j, which is not an ISO 8601 date and time", (given) => {
    expect(refused(given)).toBe("datetime: must be a date and time like 2021-11-07T02:48:42Z");
  });
});

describe("a batch", () => {
  const reader = (text: string) => {
    const made = new CsvReader(5);
    made.push(Buffer.from(text));
    made.end();
    return made;
  };

  it("keeps the raw text of each row, and skips rows that the database must not store", () => {
    const batch = new RowBatch(jobs, { rows: 10, bytes: 10_000 });
    const records = reader('1,a\r\n2,"b\n"\n3,c\nx,d\n4,e');
    while (records.next() === "record") batch.add(records);
    expect(batch).toMatchObject({ received: 5, rows: 4 });
    expect(batch.text(new Set([3, 0, 1])).toString()).toBe("3\tc\n");
    expect(batch.text(new Set([2])).toString()).toBe("1\ta\n2\tb\\n\n4\te\n");
    expect(batch.rejectOf(1, "id", rowFaults.duplicateKey(["id"]))).toEqual({
      line: 2,
      column: "id",
      code: "duplicate-key",
      reason: "duplicate id",
      raw: Buffer.from('2,"b\n"'),
    });
    expect(batch.rejects).toEqual([
      {
        line: 5,
        column: "id",
        code: "type",
        reason: "must be a whole number from 1 to 2147483647",
        raw: Buffer.from("x,d"),
      },
    ]);
    batch.clear();
    expect(batch.isEmpty).toBe(true);
    expect(batch.text()).toHaveLength(0);
  });

  it("is full when it has its rows, its bytes or its rejects", () => {
    const filled = (text: string, limits: { rows: number; bytes: number }) => {
      const batch = new RowBatch(jobs, limits);
      const records = reader(text);
      while (!batch.isFull && records.next() === "record") batch.add(records);
      return batch.received;
    };
    const good = Array.from({ length: 100 }, (_, i) => `${i + 1},a`).join("\n");
    expect(filled(good, { rows: 7, bytes: 10_000 })).toBe(7);
    expect(filled(good, { rows: 1000, bytes: 20 })).toBeLessThan(9);
    expect(filled("x,y\n".repeat(100), { rows: 7, bytes: 10_000 })).toBe(7);
  });

  it("keeps a copy of the bytes of a rejected row as sent", () => {
    const batch = new RowBatch(jobs, { rows: 10, bytes: 10_000 });
    const records = reader(`1,${"x".repeat(65_000)}\n2,a\0b`);
    while (records.next() === "record") batch.add(records);
    records.window.fill(0);
    expect(batch.rejects[0]?.raw.toString()).toBe(`1,${"x".repeat(65_000)}`);
    expect(batch.rejects[1]?.raw.toString()).toBe("2,a\0b");
  });

  it("knows whether it shares an id with another", () => {
    const batchOf = (text: string) => {
      const batch = new RowBatch(jobs, { rows: 10, bytes: 10_000 });
      const records = reader(text);
      while (records.next() === "record") batch.add(records);
      return batch;
    };
    const batch = batchOf("5,a\n9,b");
    expect(batch.sharesKeysWith(batchOf("1,a\n9,b"))).toBe(true);
    expect(batch.sharesKeysWith(batchOf("6,a\n8,b"))).toBe(false);
    expect(batch.sharesKeysWith(batchOf("10,a"))).toBe(false);
    expect(batch.sharesKeysWith(batchOf(""))).toBe(false);
  });

  it("reads the columns in the order of a header", () => {
    const batch = new RowBatch(jobs, { rows: 10, bytes: 10_000 });
    const records = reader(' JOB ,"ID"\nbaker,7');
    records.next();
    const order = namedOrder(jobs, records);
    expect(order).toEqual([1, 0]);
    records.next();
    batch.add(records, order);
    expect(batch.text().toString()).toBe("7\tbaker\n");
    for (const none of ["id,job,x", "id", "1,job", "id,id"]) {
      const other = reader(none);
      other.next();
      expect(namedOrder(jobs, other)).toBeUndefined();
    }
  });
});
