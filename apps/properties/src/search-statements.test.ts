import { expect, test } from "vitest";
import { type Search, searchStatements } from "./search-statements.ts";
import { readStatements } from "./statements.ts";

const statements = searchStatements(readStatements());
const base: Search = { words: [], sort: "id" };

test("a search without a status is the union of the three visible ones", () => {
  const { text, values } = statements.page(base, "order", 21);
  expect(text.match(/FORCE INDEX \(by_id\)/g)).toHaveLength(3);
  expect(values).toMatchObject({ status1: 3, status2: 4, status3: 5, rows: 21 });
});

test("filters choose lines and the index; their values stay apart", () => {
  const search: Search = { ...base, city: "Cali'; --", year: 2019, status: "vendido", sort: "-price" };
  const { text, values } = statements.page(search, "order", 21);
  expect(text).toContain("FORCE INDEX (by_city_year_price)");
  expect(text).toContain("l.city = :city");
  expect(text).not.toContain("Cali");
  expect(values).toMatchObject({ city: "Cali'; --", year: 2019, status1: 5 });
});

test("nothing is left to fill in or to choose, and the same search is put together once", () => {
  const search: Search = {
    ...base,
    words: ["casa", "sol"],
    minPrice: 1,
    sort: "newest",
    after: { key: new Date(0), id: 1 },
  };
  for (const { text } of [
    statements.page(search, "price", 1),
    statements.scan(search, "order", 1),
    statements.pageByWords(search, 1),
    statements.countOfPrice(search, 1),
  ]) {
    expect(text).not.toMatch(/[{}]|--|:status\b/);
  }
  expect(statements.page(search, "price", 1).text).toBe(statements.page({ ...search, minPrice: 9 }, "price", 2).text);
});
