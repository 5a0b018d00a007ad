import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { withDefaults } from "./setting-files.ts";
import { readEnv, settings } from "./settings.ts";

const schema = z.object({ ...settings.listen, QUINTET_SECRET: settings.secret, TOKEN: z.string().optional() });
const folder = mkdtempSync(join(tmpdir(), "quintet-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));
const secret = "Kept-Secret-".repeat(4);

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe("settings from files", () => {
  it("are what the file holds, without one line end", () => {
    const read = (content: string) => readEnv(schema, { QUINTET_SECRET_FILE: file("secret", content) }).QUINTET_SECRET;
    expect(read(secret)).toBe(secret);
    expect(read(`${secret}\n`)).toBe(secret);
    expect(read(`${secret}\r\n`)).toBe(secret);
    expect(read(`${secret} \n\n`)).toBe(`${secret} \n`);
  });

  it("are found through a symbolic link, as orchestrators mount them", () => {
    const link = join(folder, "link");
    symlinkSync(file("target", secret), link);
    expect(readEnv(schema, { QUINTET_SECRET_FILE: link }).QUINTET_SECRET).toBe(secret);
  });

  it("leave alone a variable that only ends like one", () => {
    const env = { QUINTET_SECRET: secret, LOG_FILE: "/nowhere/log", SSL_CERT_FILE: "/nowhere/cert" };
    expect(readEnv(schema, env)).toMatchObject({ LOG_FILE: "/nowhere/log" });
  });

  it.each([
    ["is missing", () => join(folder, "absent"), "there is no such file"],
    ["is a folder", () => folder, "is not a regular file"],
    ["is a device", () => "/dev/zero", "is not a regular file"],
    ["is empty", () => file("empty", "\n"), "the file is empty"],
    [
      "is too large",
      () => {
        const large = file("large", secret);
        truncateSync(large, 65_537);
        return large;
      },
      "the file is larger than 65536 bytes",
    ],
  ])("name the variable whose file %s, once", (_name, path, reason) => {
    expect(() => readEnv(schema, { QUINTET_SECRET_FILE: path() })).toThrow(
      `Bad settings: QUINTET_SECRET_FILE: ${reason}. See .env.example.`,
    );
  });

  it("are refused beside the variable itself, and with what is wrong in them untold", () => {
    const path = file("short", "hunter2");
    const both = () => readEnv(schema, { QUINTET_SECRET: secret, QUINTET_SECRET_FILE: path });
    expect(both).toThrow("QUINTET_SECRET_FILE: QUINTET_SECRET is set as well; set only one of them");
    const short = () => readEnv(schema, { QUINTET_SECRET_FILE: path });
    expect(short).toThrow("QUINTET_SECRET: must have at least 32 characters");
    expect(short).not.toThrow("hunter2");
  });

  it("make a default step back", () => {
    expect(withDefaults({ TOKEN: "default", HOST: "a" }, { TOKEN_FILE: "x", HOST: "" })).toEqual({
      TOKEN_FILE: "x",
      HOST: "a",
    });
  });
});
