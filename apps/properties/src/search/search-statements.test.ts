import { expect, test } from "vitest";
import { readStatements } from "../sql/statements.ts";
import type { Search } from "./search-request.ts";
import { searchStatements } from "./search-statements.ts";

const statements = searchStatements(readStatements());
const base: Search = { cities: [], types: [], statusIds: [3, 4, 5], words: [], sort: "id" };

test("a search of three statuses is the union of three slices", () => {
  const { text, values } = statements.page(base, 21);
  expect(text.match(/FORCE INDEX \(by_id\)/g)).toHaveLength(3);
  expect(values).toMatchObject({ status1: 3, status2: 4, status3: 5, rows: 21 });
});

test("filters choose lines and the index; their values stay apart", () => {
  const search: Search = {
    ...base,
    cities: ["Cali'; --"],
    year: { min: 2019, max: 2019 },
    statusIds: [5],
    sort: "-id",
  };
  const { text, values } = statements.page(search, 21);
  expect(text).toContain("FORCE INDEX (by_city_year_id)");
  expect(text).toContain("l.city = :city1");
  expect(text).not.toContain("Cali");
  expect(values).toMatchObject({ city1: "Cali'; --", yearMin: 2019, status1: 5 });
});

test("nothing is left to fill in or to choose, and the same search is put together once", () => {
  const search: Search = { ...base, price: { min: 1 }, sort: "newest", after: { key: new Date(0), id: 1 } };
  const all = [
    statements.page(search, 1),
    statements.walk(search, 1),
    statements.ofPrice(search, 1),
    statements.keys(search, [1]),
    statements.rows(search, [1]),
  ];
  for (const { text, values } of all) {
    expect(text.replace("{optional}", "")).not.toMatch(/[{}]|--|:status\b/);
    for (const [, name = ""] of text.matchAll(/:(\w+)/g)) expect(values).toHaveProperty(name);
  }
  expect(statements.rows(search, [1]).text).toBe(statements.rows({ ...search, price: { min: 9 } }, [2, 3]).text);
});

test("ranges that are apart from the order do not narrow the walk, and others do", () => {
  const search: Search = { ...base, price: { min: 1 }, year: { min: 2000 } };
  const between = (sort: Search["sort"]) =>
    [...statements.walk({ ...search, sort }, 1).text.matchAll(/l\.(\w+) BETWEEN/g)].map(([, column]) => column);
  expect([...new Set(between("id"))]).toEqual([]);
  expect([...new Set(between("-price"))]).toEqual(["price"]);
  expect([...new Set(between("year"))]).toEqual(["year"]);
});

test("a page of several cities and statuses is the union of a slice for each, without duplicates; a walk has none of cities", () => {
  const search: Search = { ...base, cities: ["Cali", "cali", "Leticia"], statusIds: [5, 4] };
  const { text, values } = statements.page(search, 21);
  expect(text.match(/FORCE INDEX \(by_city_id\)/g)).toHaveLength(6);
  expect(text).not.toContain("UNION ALL");
  expect(values).toMatchObject({ status1: 5, status2: 4, city1: "Cali", city3: "Leticia" });
  expect(statements.walk(search, 21).text.match(/FORCE INDEX \(by_id\)/g)).toHaveLength(2);
  expect(statements.rows(search, [1]).text).toContain("l.city IN (:city1, :city2, :city3)");
});
