import { describe, expect, it } from "vitest";
import { departments } from "../demo-tables.ts";
import { identifier, identifiers, literal } from "./quote.ts";
import { beforeName, columnNamed, loadColumn, stagedName } from "./table.ts";

describe("names and texts in SQL", () => {
  it("are quoted", () => {
    expect(identifier("a`; DROP TABLE b")).toBe("`a``; DROP TABLE b`");
    expect(identifier("Año de ingreso")).toBe("`Año de ingreso`");
    expect(identifiers([loadColumn, "b`"], "t")).toBe("t.`_load`, t.`b```");
    expect(literal("a'b\\")).toBe("'a''b\\\\'");
    expect(() => literal("a\0")).toThrow("NUL");
  });

  it.each(["", "a\0", "a\n", "x".repeat(65), "a ", "😀"])("%j cannot be a name", (name) => {
    expect(() => identifier(name)).toThrow("cannot be a name");
  });

  it("of a definition are there", () => {
    expect([stagedName("jobs"), beforeName("jobs")]).toEqual(["staged_jobs", "before_jobs"]);
    expect(columnNamed(departments, "id").type).toBe("integer");
    expect(() => columnNamed(departments, "x")).toThrow("departments has no column x");
  });
});
