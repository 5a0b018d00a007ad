import { expect, test } from "vitest";
import { readStatements } from "../sql/statements.ts";
import { type Search, searchStatements } from "./search-statements.ts";

const statements = searchStatements(readStatements());
const base: Search = { words: [], sort: "id" };

test("a search without a status is the union of the three visible ones", () => {
  const { text, values } = statements.page(base, 21);
  expect(text.match(/FORCE INDEX \(by_id\)/g)).toHaveLength(3);
  expect(values).toMatchObject({ status1: 3, status2: 4, status3: 5, rows: 21 });
});

test("filters choose lines and the index; their values stay apart", () => {
  const search: Search = { ...base, city: "Cali'; --", year: 2019, status: "vendido", sort: "-price" };
  const { text, values } = statements.page(search, 21);
  expect(text).toContain("FORCE INDEX (by_city_year_price)");
  expect(text).toContain("l.city = :city");
  expect(text).not.toContain("Cali");
  expect(values).toMatchObject({ city: "Cali'; --", year: 2019, status1: 5 });
});

test("nothing is left to fill in or to choose, and the same search is put together once", () => {
  const search: Search = { ...base, minPrice: 1, sort: "newest", after: { key: new Date(0), id: 1 } };
  const all = [
    statements.page(search, 1),
    statements.walk(search, 1),
    statements.ofPrice(search, 1),
    statements.keys(search, [1]),
    statements.rows(search, [1]),
  ];
  for (const { text, values } of all) {
    expect(text).not.toMatch(/[{}]|--|:status\b/);
    for (const [, name = ""] of text.matchAll(/:(\w+)/g)) expect(values).toHaveProperty(name);
  }
  expect(statements.rows(search, [1]).text).toBe(statements.rows({ ...search, minPrice: 9 }, [2, 3]).text);
});

test("prices that are apart from the order do not narrow the walk, and others do", () => {
  expect(statements.walk({ ...base, minPrice: 1 }, 1).text).not.toContain("BETWEEN");
  expect(statements.walk({ ...base, minPrice: 1, sort: "-price" }, 1).text).toContain("BETWEEN");
});
