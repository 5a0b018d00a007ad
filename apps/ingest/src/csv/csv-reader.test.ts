import { describe, expect, it } from "vitest";
import { CsvReader, csvFaults, maxRecordBytes } from "./csv-reader.ts";
import type { Fault } from "./fault.ts";
import { fieldBytes } from "./record.ts";

type Line = { line: number; fields: string[] } | { line: number; fault: Fault; raw: string };

/** Everything that a reader finds in the chunks, and the bytes it says that it has read. */
function readAll(chunks: Buffer[], columns = 8): { found: Line[]; read: Buffer } {
  const reader = new CsvReader(columns);
  const found: Line[] = [];
  const read: Buffer[] = [];
  const drain = () => {
    for (let step = reader.next(); step === "record" || step === "broken"; step = reader.next()) {
      const { recordLine: line } = reader;
      if (step === "broken") {
        const raw = reader.window.toString("latin1", reader.recordStart, reader.recordEnd);
        found.push({ line, fault: reader.fault, raw: raw.length > 100 ? `${raw.length} bytes` : raw });
      } else {
        const fields = Array.from({ length: reader.fieldCount }, (_, index) => fieldBytes(reader, index).toString());
        found.push({ line, fields });
      }
    }
    read.push(Buffer.from(reader.takeConsumed()));
  };
  for (const chunk of chunks) {
    reader.push(chunk);
    drain();
  }
  reader.end();
  drain();
  return { found, read: Buffer.concat(read) };
}

const lines = (text: string | Buffer) => readAll([Buffer.from(text)]).found;
const fields = (text: string) => lines(text).map((line) => ("fields" in line ? line.fields : line.fault));

describe("CsvReader", () => {
  it.each([
    [
      "plain lines",
      "1,a\n2,b\n",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [
      "a last line without its end",
      "1,a\n2,b",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [
      "CRLF",
      "1,a\r\n2,b\r\n",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    ["a byte order mark", "\ufeff1,a\n", [["1", "a"]]],
    [
      "empty lines",
      "\n\r\n1,a\n\n\r\n\n2,b\n\n\r",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [
      "empty fields",
      ",\n1,\n,a",
      [
        ["", ""],
        ["1", ""],
        ["", "a"],
      ],
    ],
    ["quotes", '"1","a, b"\n', [["1", "a, b"]]],
    ["empty quotes", '"",""', [["", ""]]],
    [
      "doubled quotes",
      '1,"a ""b"" c"\n2,""""\n',
      [
        ["1", 'a "b" c'],
        ["2", '"'],
      ],
    ],
    [
      "line ends in quotes",
      '1,"a\r\nb\nc"\r\n2,b',
      [
        ["1", "a\r\nb\nc"],
        ["2", "b"],
      ],
    ],
    ["a quote within a field", "1,5' 10\" tall\n", [["1", "5' 10\" tall"]]],
    ["a carriage return within a field", "1,a\rb\n", [["1", "a\rb"]]],
    ["other numbers of fields", "1\n1,2,3,4\n", [["1"], ["1", "2", "3", "4"]]],
    ["bytes above ASCII", "1,Ñandú 🦤\n", [["1", "Ñandú 🦤"]]],
    ["nothing", "", []],
  ])("reads %s", (_what, text, wanted) => {
    expect(fields(text)).toEqual(wanted);
  });

  it("counts lines of the file", () => {
    expect(lines('1,"a\nb"\n\n2,b\r\n3,c').map((line) => line.line)).toEqual([1, 4, 5]);
  });

  it("skips the first line of a record with a stray quote and continues with the next", () => {
    expect(lines('1,a\n2,"b\n3,c\n4,d')).toEqual([
      { line: 1, fields: ["1", "a"] },
      { line: 2, fault: csvFaults.unclosedQuote, raw: '2,"b' },
      { line: 3, fields: ["3", "c"] },
      { line: 4, fields: ["4", "d"] },
    ]);
    expect(lines('1,"a"b,c\r\n2,"x\ny" z\n3,c')).toEqual([
      { line: 1, fault: csvFaults.afterQuote, raw: '1,"a"b,c' },
      { line: 2, fault: csvFaults.unclosedQuote, raw: '2,"x' },
      { line: 3, fields: ['y" z'] },
      { line: 4, fields: ["3", "c"] },
    ]);
  });

  it("accepts a record of 2 MiB and rejects a longer one without buffering it", () => {
    const fits = `1,${"x".repeat(maxRecordBytes - 2)}`;
    const chunks = (text: string) => {
      const bytes = Buffer.from(text);
      const step = 100_000;
      return Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => bytes.subarray(i * step, (i + 1) * step));
    };
    for (const end of ["\n", "\r\n", ""]) {
      expect(readAll(chunks(fits + end)).found).toMatchObject([{ line: 1, fields: ["1", expect.any(String)] }]);
    }
    for (const text of [`${fits}x\n2,b`, `${fits}x\r\n2,b`, `${fits}${"x".repeat(5_000_000)}\n2,b`]) {
      const wanted = [
        { line: 1, fault: csvFaults.tooLong, raw: `${maxRecordBytes} bytes` },
        { line: 2, fields: ["2", "b"] },
      ];
      expect(lines(text)).toEqual(wanted);
      expect(readAll(chunks(text)).found).toEqual(wanted);
    }
    const open = `1,"a\n${"2,b\n".repeat(20_000)}`;
    expect(readAll(chunks(open)).found).toHaveLength(20_001);
    expect(readAll(chunks(open)).found).toEqual(lines(open));
  });

  it("returns the same records wherever the bytes are split", () => {
    const samples = [
      '\ufeffid,job\r\n1,"a ""q"" b"\r\n\r\n2,"x\r\ny",z\r\n3,\r\n"4","é🦤"\n5,"open\n6,"shut"x\r\n7,b\r\n\r',
      '"a"\r\n"b"\r"c"\n"d',
      '""\n"""",""\r\n,"",\r\n"\r\n"',
      "\ufeff",
      "\u00ef1,2",
    ];
    for (const text of samples) {
      const bytes = Buffer.from(text);
      const whole = readAll([bytes]);
      expect(whole.read).toEqual(bytes);
      for (let cut = 0; cut <= bytes.length; cut++) {
        for (let second = cut; second <= bytes.length; second++) {
          const parts = [bytes.subarray(0, cut), bytes.subarray(cut, second), bytes.subarray(second)];
          expect(readAll(parts)).toEqual(whole);
        }
      }
      expect(readAll([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
    }
  });

  it("returns the same records for any text of special characters, split anywhere", () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(Array.from({ length: random(24) }, () => '"",\r\n\nab'[random(8)]).join(""));
      const cuts = [random(bytes.length + 1), random(bytes.length + 1)].sort((a, b) => a - b);
      const parts = [bytes.subarray(0, cuts[0]), bytes.subarray(cuts[0], cuts[1]), bytes.subarray(cuts[1])];
      expect(readAll(parts), JSON.stringify(bytes.toString())).toEqual(readAll([bytes]));
    }
  });

  it("resumes from the end of any record", () => {
    const bytes = Buffer.from('1,a\r\n2,"b\nb"\n\n3,c\n4,"d');
    const whole = readAll([bytes]).found;
    for (const [index, cut] of [5, 13].entries()) {
      const reader = new CsvReader(8, { line: [2, 4][index]! });
      reader.push(bytes.subarray(cut));
      reader.end();
      const found = [];
      for (let step = reader.next(); step !== "end"; step = reader.next()) found.push([step, reader.recordLine]);
      const rest = whole.slice(index + 1).map((line) => ["fields" in line ? "record" : "broken", line.line]);
      expect(found).toEqual(rest);
    }
  });
});
