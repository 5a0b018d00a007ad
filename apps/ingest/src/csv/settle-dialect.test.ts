import { describe, expect, it } from "vitest";
import type { Column, Table } from "../tables/table.ts";
import type { Dialect } from "./dialect.ts";
import type { ColumnOptions } from "./header.ts";
import { settleDialect } from "./settle-dialect.ts";

const column = (name: string): Column => ({ name, type: "string", required: false }) as Column;
const tableOf = (names: string[], dialect: Partial<Dialect> = {}): Table => ({
  name: "things",
  version: 1,
  columns: names.map(column),
  primaryKey: [names[0]!],
  foreignKeys: [],
  missingValues: [""],
  dialect,
});
const settle = (table: Table, file: string, given: Partial<Dialect> = {}, columns: ColumnOptions = {}) =>
  settleDialect({ lead: Buffer.from(file), ended: true }, table, { given, header: "auto", columns });
const pair = tableOf(["id", "name"]);

describe("a file of a table is read", () => {
  it.each<[string, Table, string, Partial<Dialect>]>([
    ["with quotes as they are, after enough broken lines", pair, '1;"a" b\n2;"c" d\n3;"e" f\n4;g\n', { quote: null }],
    [
      "with quotes around delimiters, though lines are broken",
      pair,
      '1;"a;b" x\n2;"a;b;c" y\n3;"a" z\n4;g\n5;h\n',
      { quote: '"' },
    ],
    ["with a column called #", tableOf(["#no"]), "#no\n1\n2\n", { comment: null, header: true }],
    ["with decimal commas", pair, "a;1,5\nb;2,5\nc;3,5\n", { delimiter: ";" }],
    ["with a delimiter of two characters", pair, "1||a\n2||b\n3||c\n", { delimiter: "||" }],
    ["with no name in any row", pair, "1;\n2;\n3;\n", { delimiter: ";", trailingDelimiter: false }],
    ["with a delimiter after the last field", pair, "1;a;\n2;b;\n3;c;\n", { trailingDelimiter: true }],
    ["with an apostrophe around one field", pair, "1,'a'\n2,b\n3,c\n4,d\n5,e\n", { quote: '"' }],
    ["with commas in its names", tableOf(["a,b", "c"]), "a,b;c\nx,2;z\ny,2;z\nw,2;z\n", { delimiter: ";" }],
    [
      "in the dialect that is saved",
      tableOf(["id", "name"], { delimiter: "," }),
      "1;2,a\n3;4,b\n5;6,c\n",
      { delimiter: "," },
    ],
  ])("%s", (_, table, file, dialect) => {
    expect(settle(table, file)).toMatchObject({ dialect });
  });

  it.each([
    ["1;2\n", { delimiter: "," }, ";"],
    ["a;b\n1;2", { delimiter: "," }, ";"],
    ["id\tname\n1\t2\n", { delimiter: ";" }, "tab"],
  ])("not with a delimiter that cannot be right, in a short file %j as in a long one", (file, given, right) => {
    const refused = {
      parameter: "delimiter",
      refusal: expect.stringMatching(`single column.*send delimiter=${right}$`),
    };
    expect(settle(pair, file, given)).toMatchObject(refused);
    expect(settle(tableOf(["id", "name"], given), file)).toMatchObject(refused);
    expect(settle(pair, file)).toMatchObject({ dialect: { delimiter: right === "tab" ? "\t" : right } });
  });

  it("in the dialect that is given, before the one that is saved", () => {
    const saved = tableOf(["id", "name"], { delimiter: ";" });
    expect(settle(saved, "1;2,a\n3;4,b\n5;6,c\n", { delimiter: "," })).toMatchObject({ dialect: { delimiter: "," } });
  });

  it("with one of its columns in the header, when the other has a default", () => {
    const [id, name] = pair.columns;
    const table = { ...pair, columns: [id!, { ...name!, default: "none" }] };
    for (const file of ["id\n1\n", "id\n1\n2\n3\n4\n"]) {
      expect(settle(table, file)).toMatchObject({ width: 1, dialect: { header: true } });
      expect(settle(table, file, { delimiter: "," })).toMatchObject({ width: 1, dialect: { header: true } });
    }
  });

  it("with its first columns, when others are ignored", () => {
    const file = "1,a,x\n2,b,y\n3,c,z\n";
    expect(settle(pair, file)).toMatchObject({ parameter: "header" });
    expect(settle(pair, file, {}, { ignoreExtra: true })).toMatchObject({ width: 3 });
  });

  it("by the names that stand for its columns, all of which are there", () => {
    const map = { Nr: "id", Nombre: "name" };
    expect(settle(pair, "Nombre,Nr\na,1\n", {}, { map })).toMatchObject({ layout: { fieldOrder: [1, 0] } });
    expect(settle(pair, "Nr\n1\n", {}, { map })).toMatchObject({ fault: "partial header" });
    expect(settle(pair, "id\n1\n")).toMatchObject({ layout: { fieldOrder: [0, -1] } });
  });

  it("with a delimiter that was given, unless the file has another", () => {
    const triple = tableOf(["id", "name", "note"]);
    expect(settle(triple, "a;b\n", { delimiter: "," })).not.toHaveProperty("refusal");
    expect(settle(triple, "a;b;c\n", { delimiter: "," })).toMatchObject({ parameter: "delimiter" });
  });
});
