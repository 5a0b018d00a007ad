import { expect, it } from "vitest";
import type { ColumnType } from "../tables/table.ts";
import { sniffValues } from "./sniff-values.ts";

it.each<[ColumnType | undefined, string[], object]>([
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
  ["number", ["1.5", ".", "—"], { missingTyped: [".", "—"] }],
  ["date", ["20001231", "20010201"], { dateFormat: "%Y%m%d" }],
  ["date", ["20001331", "20010201"], { dateFormat: "%Y%m%d" }],
  ["date", ["36556", "36923"], {}],
  ["date", ["31DEC2000", "1feb2001"], { dateFormat: "%d%b%Y" }],
  ["date", ["31DEC00", "01FEB01"], {}],
  ["integer", ["20001231", "20010201"], {}],
  ["number", ["0,123", "0,456"], { decimal: "," }],
  ["number", ["1,5", "1,234,567"], { decimal: "," }],
  ["date", ["01.02.2021"], { dateFormat: "%d.%m.%Y" }],
  [undefined, ["25/12/2021", "hello"], {}],
])("%s %j", (type, values, found) => {
  expect(sniffValues([{ name: "a", type, values }], {}).found).toEqual(found);
});

it("asks for the zone of moments only when none has one", () => {
  const local = ["2021-01-01 00:00", "2021-01-02 00:00", "2021-01-03 00:00"];
  const refused = (...values: string[]) =>
    sniffValues([{ name: "a", type: "datetime", zoned: true, values }], {}).refused;
  expect(refused(...local)).toMatchObject({ parameter: "defaultZone" });
  expect(refused(...local, "2021-01-04T00:00Z")).toBeUndefined();
});

it("asks for nothing that is given", () => {
  const columns = [{ name: "a", type: "boolean" as const, values: ["ja", "nein"] }];
  expect(sniffValues(columns, { trueValues: ["ja"] }).found).toEqual({});
});
