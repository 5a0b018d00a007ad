import type { Readable } from "node:stream";
import { expect } from "vitest";
import type { Client } from "../../harness/client.ts";
import type { Installation } from "../../harness/installation.ts";

export const csvType = { "Content-Type": "text/csv" };

export interface Load {
  id: string | number;
  received: number;
  inserted: number;
  rejected: number;
  rejectsUrl: string;
}

/** What the tests of ingest do with its three tables. They all work on the same ones, so each begins by `empty`. */
export function tablesOf({ plain, staff }: Installation) {
  const loadCsv = async (table: string, text: string | Readable, query: Record<string, string> = {}) => {
    const body = typeof text === "string" ? Buffer.from(text) : text;
    const answer = await staff.post(`/ingest/${table}/csv`, body, { headers: csvType, query });
    expect(answer.status, answer.text).toBe(200);
    return answer.json() as unknown as Load;
  };
  return {
    loadCsv,
    addRows: (table: string, rows: unknown[], by: Client = staff) => by.post(`/ingest/${table}/rows`, { rows }),
    /** The first hundred rows. */
    async rowsOf(table: string) {
      const answer = await plain.get(`/ingest/${table}`, { limit: 100 });
      expect(answer.status, answer.text).toBe(200);
      return answer.json<{ rows: Record<string, unknown>[] }>().rows;
    },
    async empty() {
      for (const table of ["hired_employees", "jobs", "departments"]) {
        const answer = await staff.delete(`/ingest/${table}`);
        expect(answer.status, answer.text).toBe(204);
      }
    },
    /** Two departments and two jobs for hires to refer to. */
    async fill() {
      await loadCsv("departments", "1,Sales\n2,Engineering");
      await loadCsv("jobs", "1,Clerk\n2,Welder");
    },
  };
}
