import { expect, test } from "vitest";
import { acceptedType } from "./accept.ts";

const types = ["application/json", "text/csv", "application/x-ndjson"] as const;

test.each([
  [undefined, "application/json"],
  ["", "application/json"],
  ["*/*", "application/json"],
  ["text/csv", "text/csv"],
  ["TEXT/CSV; charset=utf-8", "text/csv"],
  ["text/*", "text/csv"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "application/json"],
  ["application/json;q=0.5, application/x-ndjson", "application/x-ndjson"],
  ["*/*;q=0.1, text/csv;q=0.2", "text/csv"],
  ["application/json;q=0, */*", "text/csv"],
])("Accept: %s prefers %s", (accept, type) => {
  expect(acceptedType(accept, types)).toBe(type);
});

test.each(["text/html", "image/*", "text/csv;q=0", "*/*;q=0"])("Accept: %s is not acceptable", (accept) => {
  expect(() => acceptedType(accept, types)).toThrow("application/json, text/csv, application/x-ndjson");
});
