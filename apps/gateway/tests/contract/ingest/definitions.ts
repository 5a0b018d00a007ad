import { expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { unique } from "../../harness/values.ts";

const schema = {
  fields: [
    { name: "country", type: "string", constraints: { maxLength: 2 } },
    { name: "serial", type: "integer" },
    { name: "amount", type: "decimal", precision: 12, scale: 2 },
  ],
  primaryKey: ["country", "serial"],
};

/** Tables of one's own. */
export function definitions({ staff, plain, anyone }: Installation): void {
  it("are read by reports that staff saves", async () => {
    const path = `/ingest/reports/${unique("report").replaceAll("_", "-")}`;
    const report = {
      sql: "SELECT id, department FROM departments WHERE id > :least ORDER BY id",
      params: [{ name: "least", type: "integer" }],
    };
    expect((await plain.put(path, report)).status).toBe(403);
    expect((await staff.put(path, { ...report, sql: "DELETE FROM departments" })).status).toBe(422);
    const saved = await staff.put(path, report);
    expect(saved.status, saved.text).toBe(201);
    expect((await staff.put(path, report)).status).toBe(200);
    expect((await plain.get(path)).status).toBe(400);
    const rows = await plain.get(`${path}?least=0`);
    expect(rows.status, rows.text).toBe(200);
    expect((await staff.delete(path)).status).toBe(204);
  });

  it("are proposed for a file of any dialect, by staff", async () => {
    const csv = { headers: { "Content-Type": "text/csv" } };
    const file = Buffer.from("id;amount\n1;2,50\n2;1.003,00\n");
    expect((await plain.post("/ingest/infer", file, csv)).status).toBe(403);
    const proposed = await staff.post("/ingest/infer", file, csv);
    expect(proposed.status, proposed.text).toBe(200);
    expect(proposed.json()).toMatchObject({
      dialect: { delimiter: ";", decimal: "," },
      schema: { primaryKey: ["id"] },
    });
    expect((await staff.post("/ingest/infer", Buffer.from("%PDF-1.4\n"), csv)).status).toBe(422);
  });

  it("take rejected rows that were mended, and files that were uploaded before", async () => {
    const name = unique("mended").replaceAll("-", "_");
    await staff.put(`/ingest/tables/${name}`, schema);
    const csv = { headers: { "Content-Type": "text/csv" } };
    const file = Buffer.from("country,serial,amount\nCO,1,2.50\nCO,x,3\n");
    const load = (await staff.post(`/ingest/${name}/csv`, file, csv)).json();
    const rejects = (await staff.get(`${load.rejectsUrl}?format=file`)).text;
    const retry = `/ingest/loads/${load.id}/retry`;
    const again = await staff.post(retry, Buffer.from(rejects.replace("CO,x", "CO,2")), csv);
    expect(again.json(), again.text).toMatchObject({ inserted: 1, rejected: 0, retryOf: load.id });
    expect((await staff.post(retry, Buffer.from("a;b\n1;2\n"), csv)).status).toBe(422);
    const dry = (await staff.post(`/ingest/${name}/csv?dryRun=true`, file, csv)).json();
    expect((await staff.post(`/ingest/loads/${dry.id}/retry`, file, csv)).status).toBe(409);

    const tus = { "Tus-Resumable": "1.0.0" };
    const made = await staff.post("/ingest/uploads", undefined, {
      headers: { ...tus, "Upload-Length": String(file.length) },
    });
    expect(made.status, made.text).toBe(201);
    const meant = (table: string) => ({ ...tus, "Upload-Length": "1", "Upload-Metadata": `table ${btoa(table)}` });
    expect((await staff.post("/ingest/uploads", undefined, { headers: meant("nothing") })).status).toBe(404);
    const keyed = { "Idempotency-Key": unique("upload") };
    const create = (size: number) =>
      staff.post("/ingest/uploads", undefined, { headers: { ...tus, ...keyed, "Upload-Length": String(size) } });
    expect([(await create(1)).status, (await create(2)).status]).toEqual([201, 422]);
    const upload = new URL(String(made.headers.location), "http://gateway").pathname;
    const sent = await staff.patch(upload, file, {
      headers: { ...tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" },
    });
    expect(sent.status, sent.text).toBe(204);
    expect((await staff.get(upload)).json()).toMatchObject({ bytes: file.length });
    const loaded = await staff.post(`/ingest/${name}/csv?mode=upsert&upload=${upload.split("/").at(-1)}`);
    expect(loaded.json(), loaded.text).toMatchObject({ received: 2, updated: 1 });

    const set = await staff.post("/ingest/backups");
    expect(set.status, set.text).toBe(201);
    expect((await staff.delete(`/ingest/tables/${name}?rows=delete`)).status).toBe(204);
  });

  it("are made, shown, loaded and deleted by staff", async () => {
    const name = unique("own").replaceAll("-", "_");
    const path = `/ingest/tables/${name}`;
    expect((await anyone.put(path, schema)).status).toBe(401);
    expect((await plain.put(path, schema)).status).toBe(403);
    expect((await staff.put(path, { fields: [], primaryKey: "x" })).status).toBe(422);
    expect((await staff.put(path, { ...schema, primaryKey: "nothing" })).status).toBe(422);
    const made = await staff.put(path, schema);
    expect(made.status, made.text).toBe(201);
    expect(made.headers.location).toBe(path);
    expect((await staff.put(path, schema)).status).toBe(200);
    expect((await plain.get(path)).json()).toMatchObject({ name, version: 1 });
    expect((await plain.get("/ingest/tables")).status).toBe(200);
    const csv = { headers: { "Content-Type": "text/csv" } };
    const load = await staff.post(
      `/ingest/${name}/csv`,
      Buffer.from("country,serial,amount\nCO,1,2.50\nCO,1,3\n"),
      csv,
    );
    expect(load.json()).toMatchObject({ inserted: 1, rejected: 1 });
    expect((await staff.put(path, { ...schema, primaryKey: "serial" })).status).toBe(409);
    const limited = { fields: [{ name: "amount", constraints: { maximum: 2 } }] };
    expect((await staff.patch(path, limited)).status).toBe(409);
    expect((await staff.patch(`${path}?dryRun=true`, limited)).json()).toMatchObject({ breaks: [{}] });
    expect((await staff.patch(path, { fields: [{ name: "note" }] })).json()).toMatchObject({ version: 2 });
    expect((await staff.delete(path)).status).toBe(409);
    const more = await staff.post(`/ingest/${name}/csv`, Buffer.from("country,serial,amount,note\nCO,2,1,x\n"), csv);
    expect((await staff.delete(`/ingest/loads/${more.json().id}?undo=true`)).json()).toMatchObject({
      id: more.json().id,
    });
    expect((await plain.get(`/ingest/${name}`)).json().rows).toHaveLength(1);
    expect((await staff.delete(`${path}?rows=delete`)).status).toBe(204);
    expect((await staff.get(path)).status).toBe(404);
  });
}
