import { metricsText } from "@quintet/http";
import { expect, it } from "vitest";
import { hires, openIngest } from "./open-ingest.ts";

async function told(): Promise<string[]> {
  return (await metricsText()).match(/^quintet_ingest_.*$/gm) ?? [];
}

it("counts rows of files and of requests that were stored or rejected, and no dry run", async () => {
  await using ingest = await openIngest({ batchRows: 10 });
  await ingest.load("jobs", "1,Cook\n2,Nurse\n2,Nurse\n,Nobody\n");
  await ingest.load("jobs", "3,Pilot\n", "?dryRun=true");
  await ingest.load("jobs", "2,Surgeon\n", "?mode=upsert");
  await ingest.call("POST", "/ingest/departments/rows", {
    json: {
      rows: [
        [1, "Kitchen"],
        [2, ""],
      ],
    },
  });
  const nobody = await ingest.load("hired_employees", hires(1, 25));
  expect(nobody.inserted).toBeLessThan(25);
  expect((await told()).toSorted()).toEqual([
    "quintet_ingest_backups_removed_total 0",
    "quintet_ingest_loads_running 0",
    'quintet_ingest_rows_total{table="departments",outcome="accepted"} 1',
    'quintet_ingest_rows_total{table="departments",outcome="rejected"} 1',
    `quintet_ingest_rows_total{table="hired_employees",outcome="accepted"} ${nobody.inserted}`,
    `quintet_ingest_rows_total{table="hired_employees",outcome="rejected"} ${nobody.rejected}`,
    'quintet_ingest_rows_total{table="jobs",outcome="accepted"} 3',
    'quintet_ingest_rows_total{table="jobs",outcome="rejected"} 2',
  ]);
});
