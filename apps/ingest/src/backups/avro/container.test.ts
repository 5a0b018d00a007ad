import { describe, expect, it } from "vitest";
import { hiredEmployees, jobs } from "../../demo-tables.ts";
import { avroSchema, avroType, schemaFault } from "./avro-schema.ts";
import { blockDecoder } from "./block-rows.ts";
import { DamagedFile, IncompatibleFile } from "./byte-source.ts";
import { openContainer } from "./container-reader.ts";
import { ContainerWriter } from "./container-writer.ts";

const hires = hiredEmployees;
const row = (id: number) => ({
  id,
  name: `Person ${id} 🦤`,
  datetime: Date.UTC(2021, 10, 7, 2, 48, 42, id % 1000),
  department_id: 1 + (id % 12),
  job_id: 2_147_483_647,
});

function containerOf(ids: number[]): Buffer {
  const writer = new ContainerWriter(hires);
  const parts = [writer.header()];
  for (const id of ids) if (writer.add(row(id))) parts.push(...writer.takeBlock());
  parts.push(...writer.takeBlock());
  return Buffer.concat(parts);
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  bytes: Buffer,
  size = 1000,
): Promise<{ text: string; rows: number; schema: string; blocks: number }> {
  const container = await openContainer(inChunks(bytes, size));
  const decode = blockDecoder(hires);
  let text = "";
  let rows = 0;
  let blocks = 0;
  for await (const block of container.blocks()) {
    const part = decode(block);
    text += part.text(part.rows.map((_, number) => number)).toString();
    rows += part.rows.length;
    blocks++;
  }
  return { text, rows, schema: container.schema, blocks };
}

describe("a container file", () => {
  it("returns its rows as they are loaded, however it is read", async () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => i + 1);
    const bytes = containerOf(ids);
    const found = await read(bytes, 65_536);
    expect(found).toMatchObject({ rows: 20_000 });
    expect(found.blocks).toBeGreaterThan(2);
    expect(found.text.split("\n")[16]).toBe("17\tPerson 17 🦤\t2021-11-07 02:48:42.017\t6\t2147483647");
    expect(schemaFault(hires, found.schema)).toBeUndefined();
    const small = containerOf([1, 2, 3]);
    const whole = await read(small);
    for (const size of [1, 2, 3, 7, 16]) expect(await read(small, size)).toEqual(whole);
  });

  it("returns the text of some of its rows", async () => {
    const container = await openContainer(inChunks(containerOf([1, 2, 3, 4]), 100));
    for await (const block of container.blocks()) {
      const lines = blockDecoder(hires)(block).text([0, 2, 3]).toString().split("\n");
      expect(lines.map((line) => line.split("\t")[0])).toEqual(["1", "3", "4", ""]);
    }
  });

  it("may be empty", async () => {
    expect(await read(containerOf([]))).toMatchObject({ rows: 0, blocks: 0 });
  });

  it("is refused when it is cut off or changed anywhere", async () => {
    const bytes = containerOf([1, 2, 3]);
    const good = await read(bytes);
    for (let length = 0; length < bytes.length; length++) {
      const found = await read(bytes.subarray(0, length)).catch((error: unknown) => error);
      // Only right after the header is a cut not visible in the file itself; its digest tells.
      if (!(found instanceof DamagedFile)) expect(found).toMatchObject({ rows: 0, text: "" });
    }
    let refused = 0;
    const firstBlock = bytes.indexOf(bytes.subarray(-16)) + 16;
    for (let at = firstBlock; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x55;
      const found = await read(changed).catch((error: unknown) => error);
      if (found instanceof DamagedFile) refused++;
      else expect(found).not.toEqual(good);
    }
    expect(refused).toBeGreaterThan(20);
  });

  it("is refused with rows that the table cannot store", async () => {
    const impossible = [
      { ...row(1), id: 0 },
      { ...row(1), name: "" },
      { ...row(1), name: "x".repeat(256) },
      { ...row(1), name: "🦤".repeat(3000) },
      { ...row(1), datetime: Date.UTC(10_000, 0) },
      { ...row(1), job_id: 2 ** 31 },
    ];
    for (const bad of impossible) {
      const data = avroType(hires).toBuffer(bad);
      expect(() => blockDecoder(hires)({ rows: 1, data })).toThrow(IncompatibleFile);
    }
    const two = Buffer.concat([avroType(hires).toBuffer(row(2)), avroType(hires).toBuffer(row(2))]);
    expect(() => blockDecoder(hires)({ rows: 2, data: two })).toThrow(/out of order/);
    expect(() => blockDecoder(hires)({ rows: 1, data: two })).toThrow(/more bytes than its rows/);
    const good = Buffer.concat([avroType(hires).toBuffer(row(2)), avroType(hires).toBuffer(row(3))]);
    expect(() => blockDecoder(hires)({ rows: 3, data: good })).toThrow(DamagedFile);
  });

  it("has the schema of its table, whatever its documentation, or an error that names the difference", () => {
    const own = avroSchema(hires) as { fields: { name: string; type: unknown }[] };
    const faultOf = (schema: unknown) => schemaFault(hires, JSON.stringify(schema));
    const changed = (name: string, type: unknown) => ({
      ...own,
      fields: own.fields.map((field) => (field.name === name ? { name, type } : field)),
    });
    expect(faultOf(own)).toBeUndefined();
    const documented = own.fields.map((field) => ({ ...field, doc: "what it is", order: "ignore" }));
    expect(faultOf({ ...own, name: "Row", namespace: "org.example", doc: "rows", fields: documented })).toBeUndefined();
    expect(faultOf(changed("id", { type: "long" }))).toBeUndefined();
    expect(faultOf(avroSchema(jobs))).toBe("the field name is missing");
    expect(faultOf({ ...own, fields: own.fields.toReversed() })).toBe("the field id is at a different position");
    expect(faultOf({ ...own, fields: own.fields.slice(0, 4) })).toBe("the field job_id is missing");
    expect(faultOf({ ...own, fields: [...own.fields, { name: "more", type: "int" }] })).toMatch(
      /^the field more is not a column/,
    );
    expect(faultOf(changed("id", "int"))).toBe('the field id is "int", not "long"');
    expect(faultOf(changed("datetime", "long"))).toBe('the field datetime is "long", not "long" (timestamp-millis)');
    const micros = { type: "long", logicalType: "timestamp-micros" };
    expect(faultOf(changed("datetime", micros))).toMatch(/^the field datetime is "long" \(timestamp-micros\), not/);
    expect(faultOf(changed("name", ["null", "string"]))).toBe('the field name is ["null","string"], not "string"');
    expect(faultOf("string")).toBe("its schema is not a record");
    expect(schemaFault(hires, "{")).toBe("its schema cannot be read");
  });
});
