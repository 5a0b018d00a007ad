import { describe, expect, it } from "vitest";
import type { Dialect } from "./dialect.ts";
import { inferTable } from "./infer.ts";
import { sniffBytes } from "./sniff-dialect.ts";

const infer = (file: string | Buffer, given: Partial<Dialect> = {}) => {
  const bytes = Buffer.from(file as string);
  const lead = bytes.subarray(0, sniffBytes);
  return inferTable({ lead, ended: lead.length === bytes.length }, { given, header: "auto" });
};
/** What a file is found to be: its dialect, and `name:type` of its columns. */
function found(file: string | Buffer, given: Partial<Dialect> = {}) {
  const inferred = infer(file, given);
  if ("refusal" in inferred) throw new Error(inferred.refusal);
  const { dialect, columns, ...more } = inferred;
  return { ...more, ...dialect, columns: columns.map(({ name, type, zoned }) => `${name}:${type}${zoned ? "+" : ""}`) };
}
const latin1 = (text: string) => Buffer.from(text, "latin1");
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");

describe("a file is recognised", () => {
  it.each<[string, string | Buffer, object]>([
    [
      "of Excel in Germany",
      latin1("Nr;Name;Betrag;Datum\r\n1;M\xfcller, Hans;1.234,56;31.12.2021\r\n2;Gr\xfcn;7,00;01.02.2022\r\n"),
      {
        delimiter: ";",
        encoding: "windows-1252",
        lineEnd: "crlf",
        decimal: ",",
        thousands: ".",
        dateFormat: "%d.%m.%Y",
        columns: ["Nr:integer", "Name:string", "Betrag:number", "Datum:date"],
      },
    ],
    ["of Excel as Unicode text", utf16("id\tname\tv\r\n1\tŻółć\t1.5\r\n"), { delimiter: "\t", encoding: "utf-16le" }],
    ["of UTF-16 without a mark", utf16("id,name\n1,Ann\n2,Bo\n").subarray(2), { encoding: "utf-16le" }],
    ["of UTF-16, the other end first", utf16("id,name\n1,Ωmega\n").swap16(), { encoding: "utf-16be", delimiter: "," }],
    ["of an old Mac", latin1("id,city\r1,M\xe1laga\r2,K\xf6ln\r"), { lineEnd: "cr", rows: 2 }],
    ["with CR CR LF", "id,name\r\r\n1,Ann\r\r\n2,Bo\r\r\n", { lineEnd: "crcrlf", rows: 2 }],
    ["with all line ends", "id,name\r\n1,Ann\n2,Bo\r\n3,Cy\r4,Di\n", { lineEnd: "mixed", rows: 4 }],
    [
      "of pandas",
      ',name,when,score\n0,Ada,2021-11-07 02:48:42.123456,1.5\n1,"Cy, Jr",2021-11-09 10:00:00.5,3.25e-05\n',
      { columns: ["column_1:integer", "name:string", "when:datetime", "score:number"], primaryKey: ["column_1"] },
    ],
    [
      "padded to one width",
      "id  ;name;v\n1   ;Ann ;5\n2   ;Bo  ;66\n30  ;Cy  ;7\n",
      { trim: true, columns: ["id:integer", "name:string", "v:integer"] },
    ],
    ["with spaces in one field only", "id;name;v\n1;Ann ;5\n2;Bo;66\n30;Cy;7\n", { trim: false }],
    ["of SAS", "id,born\n1,31DEC2000\n2,01FEB2001\n", { dateFormat: "%d%b%Y", columns: ["id:integer", "born:date"] }],
    ["of R", '"id","v"\n"1",NA\n"2",3.5\n', { columns: ["id:integer", "v:number"], missing: ["", "NA"] }],
    [
      "of Postgres' COPY",
      "1\tAda\\tLove\t2021-11-07 02:48:42+00\t\\N\n2\tBack\\\\slash\t2021-11-08 00:00:00+00\tt\n",
      { escape: "\\", header: false, missing: ["", "\\N"] },
    ],
    ["of MySQL's OUTFILE", '1,"say \\"hi\\"",\\N\n2,"comma, in",5\n3,"x",6\n', { escape: "\\", delimiter: "," }],
    ["with paths, which are no escapes", 'id,path\n1,C:\\new\n2,"D:\\""x"""\n', { escape: null }],
    ["of SQL Server", "Id,Name,Score\r\n1,Ann,NULL\r\n2,NULL,7\r\n", { missing: [""], missingTyped: ["NULL"] }],
    [
      "below a title",
      "Monthly report\nGenerated 2021-11-07\n\nid,name,amount\n1,Ann,5.00\n2,Bo,6.50\n3,Cy,7.25\n",
      { skip: 3, header: true, columns: ["id:integer", "name:string", "amount:number"] },
    ],
    ["with comments", "# made by 1.2\n# keep\nid,name\n1,Ann\n# between\n2,Bo\n", { comment: "#", rows: 2 }],
    ["with a delimiter at the end", "id;name;\n1;Ann;\n2;Bo;\n3;Cy;\n", { trailingDelimiter: true }],
    [
      "with a sum below",
      "item;qty;price\nscrew;10;1,50\nnut;20;0,75\nTotal;;30,00\n",
      { delimiter: ";", decimal: "," },
    ],
    ["of one column", "note\nhello, world\nit is fine\nwell; maybe\n", { columns: ["note:string"], rows: 3 }],
    ["with inches", "id,height\n1,5'10\"\n2,6'1\"\n", { delimiter: ",", quote: '"' }],
    [
      "with broken quotes",
      'id,city\n1,"Ann "the boss" Lee",\n2,"Bo\n3,Bonn\n4,Wien\n5,Rom\n',
      { delimiter: ",", quote: '"' },
    ],
    ["with lines in quotes", 'id,a,zip\r\n1,"1 Main\r\nApt ""B""",01234\r\n2,"5; Rd",00501\r\n', { rows: 2 }],
    ["with spaces", 'id, name, city\n1, "Ann, B", Rome\n2, "Bo", Oslo\n', { trim: true, rows: 2 }],
    ["with single quotes", "id,name\n1,'Ann, Lee'\n2,'Bo'\n3,'Cy, D'\n", { quote: "'", rows: 3 }],
    ["with apostrophes", "id,name\n1,O'Neil\n2,'t Hooft\n3,D'Arcy\n4,Bo\n", { quote: '"', rows: 4 }],
    ["between two pipes", "id||name||city\n1||Ann|B||Rome\n2||Bo||Oslo\n", { delimiter: "||" }],
    ["between carets", "id^name\n1^Ann, Lee\n2^Bo; K\n", { delimiter: "^" }],
    ["between SOH", "id\x01name\n1\x01Ann, Lee\n", { delimiter: "\x01" }],
    ["with commas in texts", "id;comment\n1;one, two, three\n2;four, five\n3;six\n", { delimiter: ";" }],
    ["with sep=", "sep=|\r\nid|name\r\n1|Ann\r\n", { delimiter: "|", skip: 1 }],
    ["with semicolons and decimals alone", "1;1,5\n2;2,5\n3;3,5\n", { delimiter: ";", decimal: "," }],
    [
      "of Switzerland",
      "id;preis\n1;1'234.50\n2;12'345'678.05\n",
      { thousands: "'", columns: ["id:integer", "preis:number"] },
    ],
    ["of France", "id;prix\n1;1\u202f234,50\n2;12,00\n", { thousands: "\u202f", decimal: "," }],
    ["of India", 'id,amount\n1,"1,234,567.89"\n2,12.50\n', { thousands: ",", decimal: "." }],
    [
      "with days first",
      "id,d\n1,03/04/2021\n2,25/12/2021\n",
      { dateFormat: "%d/%m/%Y", columns: ["id:integer", "d:date"] },
    ],
    ["with months first", "id,d\n1,03/04/2021\n2,12/25/2021\n", { dateFormat: "%m/%d/%Y" }],
    ["with names of months", "id,d\n1,07-Nov-2021\n2,25-Dec-2021\n", { dateFormat: "%d-%b-%Y" }],
    ["with afternoons", "id,t\n1,11/27/2021 2:48:42 PM\n", { dateFormat: "%m/%d/%Y %I:%M:%S %p" }],
    [
      "with hours of one digit",
      "id,t\n1,27.11.2021 9:05\n2,01.02.2022 10:30\n",
      { columns: ["id:integer", "t:datetime"] },
    ],
    [
      "with codes and long numbers",
      "zip,phone,big\n01234,+4930123456,9007199254740993\n00501,+15551234567,9223372036854775807\n",
      { columns: ["zip:string", "phone:string", "big:integer"] },
    ],
    [
      "with JSON and UUIDs",
      'id,doc,u\n1,"{""a"": [1,2]}",3f2504e0-4f89-11d3-9a0c-0305e82c3301\n',
      { columns: ["id:integer", "doc:json", "u:uuid"] },
    ],
    ["with a key of two columns", "a,b,v\n1,x,3\n1,y,3\n2,x,3\n", { primaryKey: ["a", "b"] }],
    ["with a name twice", "id,name,name\n1,a,b\n", { columns: ["id:integer", "name:string", "name_2:string"] }],
    ["of a header alone", "id,name\n", { header: true, rows: 0 }],
    ["without a line end", "id,name\n1,Ann", { rows: 1 }],
    ["with NULs", "id,name\n1,A\0nn\n2,Bo\n", { delimiter: ",", rows: 2 }],
    ["with a field of a megabyte", `id,text\n1,"${"x".repeat(1_000_000)}"\n2,ok\n`, { delimiter: "," }],
    ["with emoji", "id,name\n1,😀 smile\n2,naïve\n", { encoding: "utf-8", confidence: 1 }],
    ["with a character cut off", `id,name\n${"1,ab\n".repeat(13_105)}22,é\n`, { encoding: "utf-8" }],
    ["with a Latin name at its end", latin1("id,name\n1,caf\xe9"), { encoding: "windows-1252" }],
    ["with smart quotes of Windows", latin1("id,name\n1,\x93Ann\x94\n2,Bo\x92s\n"), { encoding: "windows-1252" }],
    ["with empty lines and titles of blanks", "\n\n  \nid;name\n1;Ann\n2;Bo\n", { delimiter: ";", header: true }],
    ["with a header that repeats # ", "#,name\n1,Ann\n2,Bo\n", { comment: null, header: true }],
    [
      "with weekdays as words only",
      "day,mood\nMon,good\nTue,bad\nMon,bad\n",
      { header: true, primaryKey: ["day", "mood"] },
    ],
  ])("%s", (_, file, expected) => {
    expect(found(file)).toMatchObject(expected);
  });

  it("as it is given, whatever it looks like", () => {
    expect(found("a;b,c\n1;2,3\n", { delimiter: "," }).columns).toHaveLength(2);
    expect(found("id,d\n1,03/04/2021\n", { dateFormat: "%m/%d/%Y" })).toMatchObject({
      columns: ["id:integer", "d:date"],
    });
    const cyrillic = Buffer.from([0x69, 0x64, 0x2c, 0x62, 0x0a, 0x31, 0x2c, 0xcc, 0xee, 0xf1, 0xea, 0xe2, 0xe0, 0x0a]);
    expect(found(cyrillic, { encoding: "windows-1251" }).sample).toEqual([["1", "Москва"]]);
  });
});

describe("a text of one byte for each character is Western, or what it is is asked", () => {
  it.each([
    ["German", "Gr\xfc\xdfe, \xd6l, \xc4rger"],
    ["French", "p\xe8re, o\xf9, No\xebl, \xeele, d\xe9j\xe0, \x8cuvre"],
    ["Spanish", "N\xfa\xf1ez, ping\xfcino, \xbfqu\xe9?, 5 m\xb3"],
    ["Portuguese", "S\xe3o Jo\xe3o, p\xf5e, a\xe7\xfacar, l\xedng\xfcista"],
    ["Italian", "luned\xec, perch\xe9, pi\xf9, citt\xe0, per\xf2"],
    ["Danish", "J\xf8rgen \xc6r\xf8, bl\xe5, \xd8rsted"],
    ["Icelandic", "Sigur\xf0ur, Gu\xf0r\xfan, \xdeorl\xe1kur, \xc1sd\xeds"],
    ["Estonian", "J\xf5gi, \xdclle, P\xe4rnu, m\xf5is"],
  ])("%s", (_, text) => {
    expect(infer(latin1(`id;name\n1;${text}\n`))).toMatchObject({ dialect: { encoding: "windows-1252" } });
  });
  it.each([
    ["Turkish", "\xdeeker \xc7i\xf0dem", /windows-1252 \(Þeker\).*windows-1254 \(Şeker\)/],
    ["Polish", "Micha\xb3ek, W\xf3jcik", /windows-1250 \(Michałek\)/],
    ["Czech", "Nov\xe1\xe8ek, Dvo\xf8\xe1k", /windows-1250 \(Nováček\)/],
    ["Czech in other words", "Zden\xeck", /windows-1250 \(Zdeněk\)/],
    ["Hungarian", "Gy\xf5r, G\xf6d\xf6ll\xf5, \xc1gnes", /windows-1250 \(Győr\)/],
  ])("%s", (_, text, sentence) => {
    expect(infer(latin1(`id;name\n1;${text}\n`))).toMatchObject({ refusal: expect.stringMatching(sentence) });
  });
});

describe("a file is refused, or told to be unsure", () => {
  it.each<[string, string | Buffer, RegExp]>([
    ["a page", "<!DOCTYPE html><html></html>\n", /HTML/],
    ["a PDF", "%PDF-1.4\n1 0 obj\n", /PDF/],
    ["JSON", '[{"id":1,"name":"Ann"}]', /JSON/],
    ["an archive", Buffer.from("504b030414000000", "hex"), /binary/],
    ["UTF-32", Buffer.from("fffe000031000000", "hex"), /UTF-32/],
    ["two encodings", Buffer.concat([Buffer.from("1,Müller\n"), latin1("2,J\xfcrgen\n")]), /encoding=/],
    [
      "Cyrillic of one byte",
      Buffer.from([0x31, 0x2c, 0xcc, 0xee, 0xf1, 0xea, 0xe2, 0xe0, 0x0a]),
      /windows-1251 \(Москва\)/,
    ],
    ["blanks", "\n\n  \n", /no rows/],
  ])("%s", (_, file, sentence) => {
    expect(infer(file)).toMatchObject({ refusal: expect.stringMatching(sentence) });
  });

  it.each<[string, string, RegExp]>([
    [
      "the day or the month first",
      "id,d\n1,03/04/2021\n2,05/06/2021\n",
      /dateFormat=%d\/%m\/%Y or dateFormat=%m\/%d\/%Y/,
    ],
    ["a thousand or a fraction", "id;v\n1;1,234\n2;5,678\n", /may be 1234 or 1.234/],
    ["two delimiters", "a;b,c;d\n1;2,x;4\n1;2,y;4\n1;z,3;4\n", /with a (?:comma|semicolon) or/],
  ])("%s", (_, file, sentence) => {
    const inferred = infer(file);
    expect(inferred).toMatchObject({ doubts: expect.arrayContaining([expect.stringMatching(sentence)]) });
    expect("confidence" in inferred && inferred.confidence).toBeLessThan(0.5);
  });
});
