import { describe, expect, it } from "vitest";
import type { Column } from "../tables/table.ts";
import { fieldCodec, ruleFault } from "./codec.ts";
import type { FieldFormat } from "./field-format.ts";
import { maxGrowth } from "./field-writer.ts";

const plain: FieldFormat = { missing: [""], decimal: ".", thousands: "", round: false, trim: false };
const column = (type: Column["type"], more: Partial<Column> = {}): Column => ({
  name: "c",
  type,
  required: false,
  unique: false,
  zoned: false,
  ...more,
});

/** What a field becomes: the text for `LOAD DATA`, or the code of its fault in brackets. */
function read(text: string | Buffer, of: Column, format: Partial<FieldFormat> = {}): string {
  const codec = fieldCodec(of, { ...plain, ...format });
  const bytes = Buffer.from(text);
  // Bytes before and after, which must not be read.
  const from = Buffer.concat([Buffer.from("9"), bytes, Buffer.from("9")]);
  const to = Buffer.alloc(bytes.length * 2 + maxGrowth + 1, 0x23);
  const next = codec.write(from, 1, bytes.length + 1, to, 1);
  expect(to[0]).toBe(0x23);
  return next < 0 ? `[${codec.faultOf(next).code}]` : to.toString("utf8", 1, next);
}

describe("integer", () => {
  const bounded = column("integer", { minimum: "-5", maximum: "9007199254740993" });
  it.each([
    ["0", "0"],
    ["0017", "17"],
    ["-0", "0"],
    ["-17", "-17"],
    ["7.0", "7"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["0000000000000000000000000012", "12"],
    ["9223372036854775808", "[range]"],
    ["-9223372036854775809", "[range]"],
    ["9".repeat(5000), "[range]"],
    ["7.5", "[type]"],
    ["7.", "[type]"],
    [".0", "[type]"],
    ["1e3", "[type]"],
    ["+1", "[type]"],
    ["-", "[type]"],
    ["1 000", "[type]"],
    ["5-", "-5"],
    ["(5)", "-5"],
    ["−5", "-5"],
    ["-5-", "[type]"],
    ["(-5)", "[type]"],
    ["()", "[type]"],
    ["٣", "[type]"],
    ["", "\\N"],
  ])("reads %j as %j", (text, written) => {
    expect(read(text, column("integer"))).toBe(written);
  });
  it("has exact limits beyond 2^53", () => {
    expect(read("9007199254740993", bounded)).toBe("9007199254740993");
    expect(read("9007199254740994", bounded)).toBe("[maximum]");
    expect(read("-6", bounded)).toBe("[minimum]");
    expect(ruleFault(column("integer", { minimum: "x" }))).toMatch(/x/);
  });
  it.each([
    ["1,234,567", ",", "1234567"],
    ["-1.234", ".", "-1234"],
    ["1 234", " ", "1234"],
    ["1\u202f234", "\u202f", "1234"],
    ["1.234-", ".", "-1234"],
    ["(1,234)", ",", "-1234"],
    ["12,34", ",", "[type]"],
    ["1234,567", ",", "[type]"],
    ["1,2345", ",", "[type]"],
    ["1,,234", ",", "[type]"],
    [",234", ",", "[type]"],
    ["1,23,456", ",", "[type]"],
  ])("reads %j with thousands %j as %j", (text, thousands, written) => {
    const decimal = thousands === "." ? "," : ".";
    expect(read(text, column("integer"), { thousands, decimal })).toBe(written);
  });
});

describe("number", () => {
  const money = column("number", { precision: 7, scale: 2 });
  it.each([
    ["0012.50", "12.5"],
    ["-.5", "-0.5"],
    ["5.", "5"],
    ["-0.00", "0"],
    ["+3", "3"],
    ["1e-05", "0.00001"],
    ["1.5e+20", "150000000000000000000"],
    ["12.5E2", "1250"],
    ["1e25", "10000000000000000000000000"],
    ["0e99", "0"],
    ["1e26", "[range]"],
    ["0.1234567890123", "[precision]"],
    ["0.123456789012000", "0.123456789012"],
    ["9".repeat(2000), "[range]"],
    ["1e", "[type]"],
    ["e5", "[type]"],
    [".", "[type]"],
    ["1.2.3", "[type]"],
    ["1,5", "[type]"],
    ["NaN", "[type]"],
    ["$5", "[type]"],
    ["--5", "[type]"],
    ["5-", "-5"],
    ["(5)", "-5"],
    ["−5", "-5"],
    ["-5-", "[type]"],
    ["(-5)", "[type]"],
    ["()", "[type]"],
    ["1.5e2-", "-150"],
  ])("reads %j as %j", (text, written) => {
    expect(read(text, column("number"))).toBe(written);
  });
  it("is never rounded unless asked to, then half away from zero", () => {
    expect(read("1.005", money)).toBe("[precision]");
    for (const [text, written] of Object.entries({
      "1.005": "1.01",
      "-1.005": "-1.01",
      "1.004": "1",
      "9.995": "10",
      "0.001": "0",
      "-0.004": "0",
      "0.005": "0.01",
      "0.0049": "0",
      "99999.995": "[range]",
      "99999.994": "99999.99",
      "1e-400": "0",
    })) {
      expect(read(text, money, { round: true }), text).toBe(written);
    }
  });
  it("may have a decimal comma and thousands", () => {
    const german = { decimal: ",", thousands: "." } as const;
    expect(read("1.234,5", money, german)).toBe("1234.5");
    expect(read("1.234,5-", money, german)).toBe("-1234.5");
    expect(read("(1.234,5)", money, german)).toBe("-1234.5");
    expect(read("1.234.5", money, german)).toBe("[type]");
    expect(read("1.5", money, german)).toBe("[type]");
    expect(read("1,234.5", money, { thousands: "," })).toBe("1234.5");
    expect(read("1.234", money, { decimal: "," })).toBe("[type]");
  });
  it("has exact limits", () => {
    const limited = column("number", { minimum: "-10.5", maximum: "0.000000000001" });
    expect(
      ["-10.5", "-10.51", "-9", "0.000000000001", "0.000000000002", "-0"].map((text) => read(text, limited)),
    ).toEqual(["-10.5", "[minimum]", "-9", "0.000000000001", "[maximum]", "0"]);
    expect(["9", "10", "11", "1e3"].map((text) => read(text, column("number", { minimum: "10" })))).toEqual([
      "[minimum]",
      "10",
      "11",
      "1000",
    ]);
  });
  it("is exact for any digits", () => {
    let seed = 3;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let round = 0; round < 3000; round++) {
      const digits = (count: number) => Array.from({ length: count }, () => random(10)).join("");
      const [whole, fraction] = [digits(1 + random(20)), digits(random(12))];
      const exponent = random(9) - 4;
      const shifted = BigInt(whole + fraction) * 10n ** BigInt(20 - fraction.length + exponent);
      const text = `${random(2) === 0 ? "" : "-"}${whole}${fraction === "" ? "" : `.${fraction}`}e${exponent}`;
      const written = read(text, column("number", { precision: 60, scale: 24 }));
      const [before, after = ""] = written.replace("-", "").split(".");
      expect(BigInt(before + after.padEnd(20, "0")), text).toBe(shifted);
      expect(written).toMatch(/^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/);
    }
  });
});

describe("string", () => {
  it("keeps every character, and spaces unless trimmed", () => {
    expect(read(" a\tb\\c\nd ", column("string"))).toBe(" a\\tb\\\\c\\nd ");
    expect(read(" \u00a0a b\r\n", column("string"), { trim: true })).toBe("a b");
    expect(read("\\N", column("string"))).toBe("\\\\N");
  });
  it("has lengths in code points", () => {
    const sized = column("string", { minLength: 2, maxLength: 3 });
    expect(["é", "éé", "🦤🦤🦤", "abcd", "🦤".repeat(50)].map((text) => read(text, sized))).toEqual([
      "[min-length]",
      "éé",
      "🦤🦤🦤",
      "[max-length]",
      "[max-length]",
    ]);
  });
  it("is valid UTF-8 without NUL", () => {
    expect(read(Buffer.from([0x61, 0xff]), column("string"))).toBe("[encoding]");
    expect(read("a\0", column("string"))).toBe("[encoding]");
  });
  it("matches its pattern as a whole, in linear time", () => {
    expect(["a1", "xa1", "a1x", "a"].map((text) => read(text, column("string", { pattern: "[a-z]\\d" })))).toEqual([
      "a1",
      "[pattern]",
      "[pattern]",
      "[pattern]",
    ]);
    expect(["ab", "b"].map((text) => read(text, column("string", { pattern: "a|ab" })))).toEqual(["ab", "[pattern]"]);
    expect(read(`${"a".repeat(50_000)}!`, column("string", { pattern: "(a+)+" }))).toBe("[pattern]");
    expect(read("Ñandú", column("string", { pattern: "\\p{Lu}.+" }))).toBe("Ñandú");
    for (const pattern of ["(?=a)b", "(a)\\1", "(", "a**"]) {
      expect(ruleFault(column("string", { pattern })), pattern).toMatch(/regular expression/);
    }
  });
});

describe("missing values", () => {
  const words = { missing: ["", "NA", "null"] };
  it("are NULL, or a fault of a required column", () => {
    for (const text of ["", "NA", "null"]) {
      expect(read(text, column("string"), words)).toBe("\\N");
      expect(read(text, column("integer", { required: true }), words)).toBe("[required]");
    }
    expect(read("na", column("string"), words)).toBe("na");
    expect(read(" NA ", column("date"), { ...words, trim: true })).toBe("\\N");
  });
  it("can leave the empty text a text, not a number", () => {
    expect(read("", column("string"), { missing: ["NA"] })).toBe("");
    expect(read("", column("integer"), { missing: ["NA"] })).toBe("[type]");
    expect(read("  ", column("string", { required: true }))).toBe("[required]");
  });
  it("have a default for a column that a file lacks", () => {
    const absent = (of: Column) => fieldCodec(of, { ...plain, decimal: ",", dateFormat: "%d.%m.%Y" }).absent.toString();
    expect(absent(column("number", { default: "1.50" }))).toBe("1.5");
    expect(absent(column("date", { default: "2021-11-07", format: "%d/%m/%Y" }))).toBe("2021-11-07");
    expect(absent(column("string"))).toBe("\\N");
    expect(fieldCodec(column("string", { required: true }), plain).absent).toMatchObject({ code: "required" });
    expect(ruleFault(column("integer", { default: "x" }))).toMatch(/^default: /);
  });
});

describe("enum", () => {
  it("compares values, not texts", () => {
    const numbers = column("number", { enum: ["1.50", "2"] });
    expect(["1.5", "2.0", "3"].map((text) => read(text, numbers))).toEqual(["1.5", "2", "[enum]"]);
    expect(["a\tb", "a"].map((text) => read(text, column("string", { enum: ["a\tb"] })))).toEqual(["a\\tb", "[enum]"]);
    expect(ruleFault(column("integer", { enum: ["x"] }))).toMatch(/x/);
  });
});

describe("boolean, uuid and json", () => {
  it.each([
    ["TRUE", "1"],
    ["f", "0"],
    ["No", "0"],
    ["1", "1"],
    ["2", "[type]"],
    ["vrai", "[type]"],
  ])("reads %j as a boolean %j", (text, written) => expect(read(text, column("boolean"))).toBe(written));
  it("reads words of one's own", () => {
    const words = { trueValues: ["vrai"], falseValues: ["faux"] };
    expect(["vrai", "faux", "Vrai", "true"].map((text) => read(text, column("boolean"), words))).toEqual([
      "1",
      "0",
      "[type]",
      "[type]",
    ]);
  });
  it("reads UUIDs in any usual form", () => {
    const id = "123e4567-e89b-12d3-a456-426614174000";
    for (const text of [id, id.toUpperCase(), `{${id}}`, id.replaceAll("-", "")]) {
      expect(read(text, column("uuid"))).toBe(id);
    }
    for (const text of [`${id}0`, `{${id}`, id.replace("-", ""), "x", `g${id.slice(1)}`]) {
      expect(read(text, column("uuid")), text).toBe("[type]");
    }
  });
  it("keeps JSON as it is", () => {
    const text = '{"a": [1.10, 12345678901234567890, "é\\n"]}';
    expect(read(text, column("json"))).toBe(text.replaceAll("\\", "\\\\"));
    for (const wrong of ["{'a': 1}", "{", "NaN", "\0"]) expect(read(wrong, column("json")), wrong).toBe("[type]");
  });
});

describe("date", () => {
  it.each([
    ["2021-11-07", "2021-11-07"],
    ["2021/11/07", "2021-11-07"],
    ["2021-11-07 00:00:00", "2021-11-07"],
    ["2021-11-07T00:00:00.000Z", "2021-11-07"],
    ["2021-11-07 02:00", "[precision]"],
    ["2021-02-29", "[no-such-date]"],
    ["0999-01-01", "[range]"],
    ["03/04/2021", "[ambiguous-date]"],
    ["13/04/2021", "[ambiguous-date]"],
    ["3.4.21", "[ambiguous-date]"],
    ["2021-1-7", "[type]"],
    ["2021-11/07", "[type]"],
    ["20211107", "[type]"],
  ])("reads %j as %j", (text, written) => expect(read(text, column("date"))).toBe(written));
  it.each([
    ["%d/%m/%Y", "03/04/2021", "2021-04-03"],
    ["%m/%d/%Y", "03/04/2021", "2021-03-04"],
    ["%d/%m/%Y", "3/4/2021", "2021-04-03"],
    ["%d/%m/%Y", "2021-04-03", "2021-04-03"],
    ["%d/%m/%Y", "04/13/2021", "[no-such-date]"],
    ["%d/%m/%Y", "03-04-2021", "[type]"],
    ["%d/%m/%Y", "03/04/2021x", "[type]"],
    ["%d/%m/%Y", "03/04/21", "[type]"],
    ["%d/%m/%Y", "03/04/2021 00:00", "2021-04-03"],
    ["%d/%m/%Y %H:%M", "03/04/2021 00:00", "2021-04-03"],
    ["%d/%m/%Y %H:%M", "03/04/2021", "2021-04-03"],
    ["%d.%m.%y", "03.04.68", "2068-04-03"],
    ["%d.%m.%y", "03.04.69", "1969-04-03"],
    ["%Y%m%d", "20211107", "2021-11-07"],
    ["%Y-%j", "2020-366", "2020-12-31"],
    ["%Y-%j", "2021-366", "[no-such-date]"],
    ["%A, %d %B %Y", "Sunday, 7 november 2021", "2021-11-07"],
    ["%d-%b-%y", "07-Nov-21", "2021-11-07"],
    ["DD/MM/YYYY", "03/04/2021", "2021-04-03"],
    ["dd/mm/yyyy", "03/04/2021", "2021-04-03"],
    ["D MMM YYYY", "3 Apr 2021", "2021-04-03"],
  ])("by %j reads %j as %j", (dateFormat, text, written) => {
    expect(read(text, column("date"), { dateFormat })).toBe(written);
    expect(read(text, column("date", { format: dateFormat }))).toBe(written);
  });
  it("has limits", () => {
    const limited = column("date", { minimum: "2021-01-01", maximum: "2021-12-31", format: "%d/%m/%Y" });
    expect(["31/12/2020", "01/01/2021", "01/01/2022"].map((text) => read(text, limited))).toEqual([
      "[minimum]",
      "2021-01-01",
      "[maximum]",
    ]);
  });
  it.each(["%d/%m", "%H:%M", "%d/%m/%Y %I:%M", "%q", "%d/%m/%Y %d", "any", "%"])("refuses the format %j", (format) => {
    if (format === "%H:%M") expect(read("x", column("date", { format }))).toBe("[type]");
    else expect(ruleFault(column("date", { format }))).toContain(format);
  });
});

describe("time", () => {
  it.each([
    ["02:48:42", "02:48:42"],
    ["02:48", "02:48:00"],
    ["23:59:59.123456", "23:59:59.123456"],
    ["23:59:59.1234567", "[precision]"],
    ["24:00:00", "[no-such-date]"],
    ["2:48", "[type]"],
    ["02:48:42Z", "[unexpected-zone]"],
  ])("reads %j as %j", (text, written) => expect(read(text, column("time"))).toBe(written));
  it("has formats, limits and rounding", () => {
    const halves = column("time", { format: "%I:%M %p" });
    expect(["12:05 AM", "12:05 pm", "1:05 PM", "13:05 PM"].map((text) => read(text, halves))).toEqual([
      "00:05:00",
      "12:05:00",
      "13:05:00",
      "[no-such-date]",
    ]);
    expect(read("08:59", column("time", { minimum: "09:00" }))).toBe("[minimum]");
    expect(read("01:59:59.9999995", column("time"), { round: true })).toBe("02:00:00");
    expect(read("23:59:59.9999995", column("time"), { round: true })).toBe("[no-such-date]");
  });
});

describe("datetime", () => {
  const moment = column("datetime", { zoned: true });
  const local = column("datetime");
  it.each([
    ["2021-11-07 02:48:42+00", "2021-11-07 02:48:42"],
    ["2021-11-07 02:48:42.123456+05:30", "2021-11-06 21:18:42.123456"],
    ["2021-11-07 02:48:42.5+00:00", "2021-11-07 02:48:42.500"],
    ["2021-11-07T02:48:42.123000Z", "2021-11-07 02:48:42.123"],
    ["2021-11-07 02:48:42 UTC", "2021-11-07 02:48:42"],
    ["2021-11-07 02:48:42", "[no-zone]"],
    ["2021-11-07", "[type]"],
    ["07/11/2021 02:48", "[ambiguous-date]"],
    ["2021-11-07T02:48:42.1234567Z", "[precision]"],
    ["9999-12-31T23:59:59-01:00", "[range]"],
  ])("reads the moment %j as %j", (text, written) => expect(read(text, moment)).toBe(written));
  it.each([
    ["2021-11-07 02:48:42", "2021-11-07 02:48:42"],
    ["2021-11-07", "2021-11-07 00:00:00"],
    ["2021-11-07T02:48Z", "[unexpected-zone]"],
    ["2021-11-07  02:48", "[type]"],
  ])("reads the local time %j as %j", (text, written) => expect(read(text, local)).toBe(written));
  it.each([
    ["America/Bogota", "2021-11-07 02:48:42", "2021-11-07 07:48:42"],
    ["America/Bogota", "2021-11-07 02:48:42Z", "2021-11-07 02:48:42"],
    ["America/New_York", "2021-11-07 00:59:59", "2021-11-07 04:59:59"],
    ["America/New_York", "2021-11-07 01:00:00", "[ambiguous-local-time]"],
    ["America/New_York", "2021-11-07 01:59:59", "[ambiguous-local-time]"],
    ["America/New_York", "2021-11-07 02:00:00", "2021-11-07 07:00:00"],
    ["America/New_York", "2021-03-14 01:59:59", "2021-03-14 06:59:59"],
    ["America/New_York", "2021-03-14 02:00:00", "[no-such-local-time]"],
    ["America/New_York", "2021-03-14 03:00:00", "2021-03-14 07:00:00"],
    ["Europe/Madrid", "2021-07-01", "2021-06-30 22:00:00"],
    ["Pacific/Apia", "2011-12-30 12:00", "[no-such-local-time]"],
    ["Asia/Kathmandu", "1000-01-01 12:00", "1000-01-01 06:18:44"],
  ])("in %s reads %j as %j", (defaultZone, text, written) => {
    expect(read(text, moment, { defaultZone })).toBe(written);
  });
  it.each([
    ["%d/%m/%Y %H:%M", "7/11/2021 2:48", "2021-11-07 02:48:00"],
    ["%d/%m/%Y", "07/11/2021 02:48:42.5", "2021-11-07 02:48:42.500"],
    ["%d/%m/%Y", "07/11/2021", "2021-11-07 00:00:00"],
    ["%m/%d/%Y %I:%M:%S %p", "11/07/2021 12:48:42 AM", "2021-11-07 00:48:42"],
    ["%d/%b/%Y:%H:%M:%S %z", "07/Nov/2021:02:48:42 -0500", "[unexpected-zone]"],
    ["DD.MM.YYYY HH:mm:ss.SSS", "07.11.2021 02:48:42.123", "2021-11-07 02:48:42.123"],
  ])("by %j reads %j as %j", (dateFormat, text, written) => expect(read(text, local, { dateFormat })).toBe(written));
  it("reads a zone by its format", () => {
    const dateFormat = "%d/%b/%Y:%H:%M:%S %z";
    expect(read("07/Nov/2021:02:48:42 -0500", moment, { dateFormat })).toBe("2021-11-07 07:48:42");
  });
  it("rounds when asked to, into the next year if need be", () => {
    const round = { round: true };
    expect(read("2021-12-31T23:59:59.9996Z", { ...moment, precision: 3 }, round)).toBe("2022-01-01 00:00:00");
    expect(read("2021-12-31T23:59:59.9994Z", { ...moment, precision: 3 }, round)).toBe("2021-12-31 23:59:59.999");
    expect(read("2021-12-31 23:59:59.1234565", local, round)).toBe("2021-12-31 23:59:59.123457");
    expect(read("9999-12-31 23:59:59.9999999", local, round)).toBe("[range]");
    expect(read("2021-12-31 23:59:59.5", { ...local, precision: 0 })).toBe("[precision]");
  });
});
