import { describe } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { backups } from "./backups.ts";
import { csv } from "./csv.ts";
import { definitions } from "./definitions.ts";
import { reading } from "./reading.ts";
import { rows } from "./rows.ts";

export function ingest(quintet: Installation): void {
  describe("tables of one's own", () => definitions(quintet));
  describe("rows", () => rows(quintet));
  describe("files", () => csv(quintet));
  describe("backups", () => backups(quintet));
  describe("reading", () => reading(quintet));
}
