import { expect, test } from "vitest";
import { originAliases } from "./loopback-origins.ts";

test("an origin of this machine has several names, any other one", () => {
  expect(originAliases("http://localhost:8080")).toEqual([
    "http://127.0.0.1:8080",
    "http://[::1]:8080",
    "http://localhost:8080",
  ]);
  expect(originAliases("https://[::1]")).toContain("https://localhost");
  expect(originAliases("https://quintet.example.org")).toEqual(["https://quintet.example.org"]);
});
