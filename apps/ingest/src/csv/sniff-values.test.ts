import { expect, it } from "vitest";
import type { ColumnType } from "../tables/table.ts";
import { sniffValues } from "./sniff-values.ts";

it.each<[ColumnType, string[], object]>([
  ["boolean", ["Ja", "Nein", "ja"], { trueValues: ["ja", "JA", "Ja"], falseValues: ["nein", "NEIN", "Nein"] }],
  ["boolean", ["VRAI", "FAUX"], { trueValues: ["vrai", "VRAI", "Vrai"], falseValues: ["faux", "FAUX", "Faux"] }],
  ["boolean", ["Sí", "No", ""], { trueValues: ["sí", "SÍ", "Sí"], falseValues: ["no", "NO", "No"] }],
  ["boolean", ["ja", "nee"], { trueValues: ["ja", "JA", "Ja"], falseValues: ["nee", "NEE", "Nee"] }],
  ["boolean", ["-1", "0"], { trueValues: ["-1"], falseValues: ["0"] }],
  ["boolean", ["true", "N", "0"], {}],
  ["boolean", ["ja", "no"], {}],
  ["boolean", ["", ""], {}],
  ["string", ["ja", "nein"], {}],
  ["number", ["1.234,56-", "(2,00)", "−3,5"], { decimal: ",", thousands: "." }],
  ["number", ["1.5", ".", "—"], { missing: [".", "—"] }],
  ["date", ["20001231", "20010201"], { dateFormat: "%Y%m%d" }],
  ["date", ["20001331", "20010201"], { dateFormat: "%Y%m%d" }],
  ["date", ["36556", "36923"], {}],
  ["date", ["31DEC2000", "1feb2001"], { dateFormat: "%d%b%Y" }],
  ["date", ["31DEC00", "01FEB01"], {}],
  ["integer", ["20001231", "20010201"], {}],
])("%s %j", (type, values, found) => {
  expect(sniffValues([{ name: "a", type, values }], {}).found).toEqual(found);
});

it("asks for nothing that is given", () => {
  const columns = [{ name: "a", type: "boolean" as const, values: ["ja", "nein"] }];
  expect(sniffValues(columns, { trueValues: ["ja"] }).found).toEqual({});
});
