import { describe, expect, it } from "vitest";
import { hiredEmployees, jobs } from "../../demo-tables.ts";
import type { PlainRow } from "../../store/plain-row.ts";
import { avroSchema, rowEncoder } from "./avro-schema.ts";
import { blockDecoder } from "./block-rows.ts";
import { DamagedFile, IncompatibleFile } from "./byte-source.ts";
import { openContainer } from "./container-reader.ts";
import { ContainerWriter } from "./container-writer.ts";
import { rowDecoder } from "./resolve-schema.ts";

const hires = hiredEmployees;
const ownSchema = JSON.stringify(avroSchema(hires));
const decoder = () => blockDecoder(hires, ownSchema);
const encode = rowEncoder(hires);
const encoded = (row: PlainRow): Buffer => {
  const to = Buffer.alloc(20_000);
  return to.subarray(0, encode(row, to, 0));
};
const row = (id: number) => ({
  f0: id,
  f1: `Person ${id} 🦤`,
  f2: Date.UTC(2021, 10, 7, 2, 48, 42, id % 1000),
  f3: 1 + (id % 12),
  f4: 2_147_483_647,
});

function containerOf(ids: number[]): Buffer {
  const writer = new ContainerWriter(hires, encode);
  const parts = [writer.header()];
  for (const id of ids) if (writer.add(row(id))) parts.push(writer.takeBlock());
  parts.push(writer.takeBlock());
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
  const decode = blockDecoder(hires, container.schema);
  let text = "";
  let rows = 0;
  let blocks = 0;
  for await (const block of container.blocks()) {
    const part = decode(block);
    text += part.text().toString();
    rows += part.count;
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
    expect(found.schema).toBe(ownSchema);
    const small = containerOf([1, 2, 3]);
    const whole = await read(small);
    for (const size of [1, 2, 3, 7, 16]) expect(await read(small, size)).toEqual(whole);
  });

  it("returns the text of some of its rows", async () => {
    const container = await openContainer(inChunks(containerOf([1, 2, 3, 4]), 100));
    for await (const block of container.blocks()) {
      const lines = decoder()(block).text([0, 2, 3]).toString().split("\n");
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
      { ...row(1), f0: 0 },
      { ...row(1), f1: "" },
      { ...row(1), f1: "x".repeat(256) },
      { ...row(1), f1: "🦤".repeat(3000) },
      { ...row(1), f2: Date.UTC(10_000, 0) },
      { ...row(1), f4: 2 ** 31 },
    ];
    for (const bad of impossible) {
      const data = encoded(bad);
      expect(() => decoder()({ rows: 1, data })).toThrow(IncompatibleFile);
    }
    const two = Buffer.concat([encoded(row(2)), encoded(row(2))]);
    expect(() => decoder()({ rows: 2, data: two })).toThrow(/out of order/);
    expect(() => decoder()({ rows: 1, data: two })).toThrow(/more bytes than its rows/);
    const good = Buffer.concat([encoded(row(2)), encoded(row(3))]);
    expect(() => decoder()({ rows: 3, data: good })).toThrow(DamagedFile);
  });

  it("has fields that fit its table, or an error that names the one that does not", () => {
    const own = avroSchema(hires) as { fields: { name: string; type: unknown }[] };
    const faultOf = (schema: unknown) => {
      try {
        rowDecoder(hires, JSON.stringify(schema));
        return undefined;
      } catch (error) {
        expect(error).toBeInstanceOf(IncompatibleFile);
        return (error as Error).message;
      }
    };
    const changed = (name: string, type: unknown) => ({
      ...own,
      fields: own.fields.map((field) => (field.name === name ? { name, type } : field)),
    });
    expect(faultOf(own)).toBeUndefined();
    const documented = own.fields.map((field) => ({ ...field, doc: "what it is", order: "ignore" }));
    expect(faultOf({ ...own, name: "Row", namespace: "org.example", doc: "rows", fields: documented })).toBeUndefined();
    expect(faultOf({ ...own, fields: own.fields.toReversed() })).toBeUndefined();
    expect(faultOf({ ...own, fields: [...own.fields, { name: "more", type: "int" }] })).toBeUndefined();
    expect(
      faultOf({ ...own, fields: [...own.fields.slice(1), { name: "key", aliases: ["id"], type: "int" }] }),
    ).toBeUndefined();
    for (const type of [
      { type: "long" },
      "int",
      ["null", "int"],
      ["string", "long"],
      { type: "long", logicalType: "x" },
    ]) {
      expect(faultOf(changed("id", type))).toBeUndefined();
    }
    const micros = { type: "long", logicalType: "timestamp-micros" };
    expect(faultOf(changed("datetime", micros))).toBeUndefined();
    expect(faultOf(avroSchema(jobs))).toBe("the field name is missing");
    expect(faultOf({ ...own, fields: own.fields.slice(0, 4) })).toBe("the field job_id is missing");
    expect(faultOf(changed("id", "string"))).toBe("the field id is string, not long or int");
    expect(faultOf(changed("id", "double"))).toBe("the field id is double, not long or int");
    expect(faultOf(changed("datetime", "long"))).toMatch(
      /^the field datetime is long, not long \(timestamp-millis\) or/,
    );
    expect(faultOf(changed("datetime", { ...micros, logicalType: "local-timestamp-micros" }))).toMatch(
      /^the field datetime is/,
    );
    expect(faultOf(changed("name", ["null", "boolean"]))).toBe(
      "the field name is null or boolean, not string or bytes or enum or string (uuid)",
    );
    expect(faultOf("string")).toBe("its schema is not a record");
    expect(faultOf(null)).toBe("its schema is not a record");
    expect(faultOf(changed("id", "nothing"))).toBe("its schema cannot be read");
    expect(() => rowDecoder(hires, "{")).toThrow("its schema cannot be read");
  });
});
