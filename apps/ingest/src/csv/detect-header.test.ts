import { describe, expect, it } from "vitest";
import { demoTables } from "../demo-tables.ts";
import type { Table } from "../tables/table.ts";
import { detectHeader, maxLeadBytes } from "./detect-header.ts";
import type { HeaderMode } from "./header.ts";

const tableOf = (name: string) => demoTables.find((table) => table.name === name) as Table;
const head = (table: string, mode: HeaderMode, text: string, ended = true) =>
  detectHeader(tableOf(table), mode, { lead: Buffer.from(text), ended });
const plain = "id,name,datetime,department_id,job_id";
const swapped = "id,name,datetime,job_id,department_id";
const row = "1,Ada,2021-11-07T02:48:42Z,2,3";
const rowOnly = { fieldOrder: [0, 1, 2, 3, 4], skipLines: 0 };

describe("the beginning of a file", () => {
  it.each([
    ["plain", plain, [0, 1, 2, 3, 4], 1],
    ["with job and department in the other order", swapped, [0, 1, 2, 4, 3], 1],
    ["in other case", "ID,Name,DateTime,JOB_ID,Department_Id", [0, 1, 2, 4, 3], 1],
    ["with spaces around names", " id , name\t,datetime ,\u00a0job_id, department_id ", [0, 1, 2, 4, 3], 1],
    ["quoted", '"id","name","datetime","job_id","department_id"', [0, 1, 2, 4, 3], 1],
    ["with a byte order mark", `\ufeff${swapped}`, [0, 1, 2, 4, 3], 1],
    [
      "with a byte order mark before quotes",
      `\ufeff"id","name","datetime","job_id","department_id"`,
      [0, 1, 2, 4, 3],
      1,
    ],
    ["with two byte order marks", `\ufeff\ufeff${swapped}`, [0, 1, 2, 4, 3], 1],
    ["with zero-width spaces", "\u200bid,name,datetime\u200b,job_id,department_id", [0, 1, 2, 4, 3], 1],
    ["below Excel's line", `sep=,\r\n${swapped}`, [0, 1, 2, 4, 3], 2],
    ["below Excel's line and a byte order mark", `\ufeffsep=,\r\n${swapped}`, [0, 1, 2, 4, 3], 2],
    ["below a title", `Hires of 2021\n${swapped}`, [0, 1, 2, 4, 3], 2],
    ["below a title that fills the columns", `Hires,,,,\n\n${swapped}`, [0, 1, 2, 4, 3], 3],
    ["below a title that has names of columns", `A job_id, and a name\n${swapped}`, [0, 1, 2, 4, 3], 2],
    ["below a line of groups", `Person,Person,,Place,Place\n${swapped}`, [0, 1, 2, 4, 3], 2],
    ["below a quoted title of two lines", `"Hires\nof 2021"\n${swapped}`, [0, 1, 2, 4, 3], 3],
    ["below a title whose quotes are broken", `"Hires" of 2021\n${swapped}`, [0, 1, 2, 4, 3], 2],
    ["below many empty lines", `${"\n".repeat(20)}${swapped}`, [0, 1, 2, 4, 3], 21],
  ])("is a header %s", (_, text, fieldOrder, skipLines) => {
    for (const mode of ["auto", "true"] as const) {
      const header = { line: skipLines, width: 5, names: expect.objectContaining({ length: 5 }) };
      expect(head("hired_employees", mode, `${text}\n${row}\n`)).toEqual({ fieldOrder, skipLines, header });
      expect(head("hired_employees", mode, text)).toEqual({ fieldOrder, skipLines, header });
    }
  });

  it.each([
    ["one name of five is unknown", "id,name,datetime,job,department_id", ["job"], ["job_id"], []],
    ["two are", "id,name,when,job,department_id", ["when", "job"], ["datetime", "job_id"], []],
    [
      "all but one are",
      "identifier,who,when,dept,job_id",
      ["identifier", "who", "when", "dept"],
      ["id", "name", "datetime", "department_id"],
      [],
    ],
    ["one is missing", "id,name,datetime,job_id", [], ["department_id"], []],
    ["one is too many", `${swapped},salary`, ["salary"], [], []],
    ["one has no name", `${swapped},`, ["column 6"], [], []],
    ["one comes twice", "id,name,datetime,job_id,job_id", [], ["department_id"], ["job_id"]],
    ["one comes twice beside all", `${swapped},Name`, [], [], ["name"]],
    [
      "all are in another language",
      "identificador,nombre,fecha,puesto,departamento",
      ["identificador", "nombre", "fecha", "puesto", "departamento"],
      ["id", "name", "datetime", "department_id", "job_id"],
      [],
    ],
  ])("is refused when %s, at once or below a title", (_, text, unknown, missing, repeated) => {
    for (const mode of ["auto", "true"] as const) {
      for (const [above, line] of [
        ["", 1],
        ["sep=,\n", 2],
        ["Hires\n\n", 3],
      ] as const) {
        const fault = head("hired_employees", mode, `${above}${text}\n${row}\n`);
        expect(fault).toMatchObject({ fault: "partial header", line, names: { unknown, missing, repeated } });
      }
    }
  });

  it.each([
    ["a row", row],
    ["a row after Excel's line", `sep=,\n${row}`],
    ["a row after a title", `Hires of 2021\n${row}`],
    ["a faulty row", "x,,,,"],
    ["a row of other columns", "1,2,3,4,5,6,7"],
    ["a page of an error", "<!DOCTYPE html>\n<html><head><title>502</title></head>\n<body>, ,</body></html>"],
    ["names between semicolons", plain.replaceAll(",", ";")],
    ["nothing", ""],
    ["a newline", "\n"],
  ])("is %s, assigned by position, but not when a header is required", (_, text) => {
    const skipLines = text.startsWith("sep") ? 1 : 0;
    expect(head("hired_employees", "auto", text)).toEqual({ ...rowOnly, skipLines });
    expect(head("hired_employees", "true", text)).toMatchObject({ fault: "no header" });
  });

  it("distinguishes a row from a partial header when a text is the name of a column", () => {
    expect(head("jobs", "auto", "5,Job\n")).toEqual({ fieldOrder: [0, 1], skipLines: 0 });
    expect(head("jobs", "auto", "id,puesto\n5,a\n")).toMatchObject({ fault: "partial header" });
    expect(head("jobs", "auto", "x,c\nid,job\n")).toEqual({
      fieldOrder: [0, 1],
      skipLines: 2,
      header: { line: 2, width: 2, names: ["id", "job"] },
    });
  });

  it("is not a header after a row", () => {
    expect(head("hired_employees", "auto", `${row}\n${swapped}\n`)).toEqual(rowOnly);
    expect(head("hired_employees", "true", `${row}\n${swapped}\n`)).toMatchObject({ fault: "no header", line: 1 });
  });

  it("with header=false is a row, unless it names the columns in a different order", () => {
    expect(head("hired_employees", "false", `${plain}\n${row}`)).toEqual(rowOnly);
    expect(head("hired_employees", "false", `id,who,datetime,department_id,job_id\n${row}`)).toEqual(rowOnly);
    expect(head("jobs", "false", "job,5\n")).toEqual({ fieldOrder: [0, 1], skipLines: 0 });
    expect(head("hired_employees", "false", `sep=,\n${row}`)).toEqual({ ...rowOnly, skipLines: 1 });
    for (const names of [swapped, `\ufeff${swapped.toUpperCase()}`, "id,who,datetime,job_id,department_id"]) {
      expect(head("hired_employees", "false", `${names}\n${row}`)).toMatchObject({ fault: "different order" });
    }
  });

  it("is refused when the file declares another separator", () => {
    for (const mode of ["auto", "true", "false"] as const) {
      expect(head("jobs", mode, "sep=;\n1;a\n")).toMatchObject({ fault: "separator", separator: ";" });
    }
  });

  it("is known as soon as it can be, and in bounded bytes", () => {
    expect(head("jobs", "auto", "1,a\n", false)).toEqual({ fieldOrder: [0, 1], skipLines: 0 });
    expect(head("jobs", "auto", "job,id\n", false)).toEqual({
      fieldOrder: [1, 0],
      skipLines: 1,
      header: { line: 1, width: 2, names: ["job", "id"] },
    });
    for (const open of ["", "1", "1,a", "id,jo", "Title\n", '"Title\n', "id,nombre\n"]) {
      expect(head("jobs", "auto", open, false)).toBeUndefined();
    }
    expect(head("jobs", "auto", "x\n".repeat(40), false)).toEqual({ fieldOrder: [0, 1], skipLines: 0 });
    expect(head("jobs", "auto", `"${"x".repeat(maxLeadBytes)}`, false)).toEqual({ fieldOrder: [0, 1], skipLines: 0 });
  });
});
