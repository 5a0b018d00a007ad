import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inputFaults, issueMessage } from "./input-faults.ts";

/** What is said of an input. */
function said(schema: z.ZodType, input: unknown): string[] {
  const { error } = schema.safeParse(input);
  return inputFaults(error as z.ZodError).map(({ path, message }) => (path ? `${path}: ${message}` : message));
}

const pet = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("cat") }),
  z.object({ kind: z.literal("dog") }),
  z.object({ kind: z.literal("fish") }),
]);

/** For each kind of issue, schemas that raise it. A kind that zod adds has to be added here, or this does not compile. */
const issues: Record<z.core.$ZodIssueCode, [schema: z.ZodType, input: unknown, message: string][]> = {
  invalid_type: [
    [z.object({ name: z.string() }), {}, "name: is required"],
    [z.object({ at: z.iso.datetime() }), {}, "at: is required"],
    [z.object({ name: z.string().optional().nonoptional() }), { name: undefined }, "name: is required"],
    [z.string(), 7, "must be a string"],
    [z.string(), null, "must be a string"],
    [z.number(), "7", "must be a number"],
    [z.number(), Number.NaN, "must be a number"],
    [z.coerce.number(), "x", "must be a number"],
    [z.int(), 1.5, "must be a whole number"],
    [z.bigint(), 1, "must be a whole number"],
    [z.boolean(), "yes", "must be true or false"],
    [z.null(), 1, "must be null"],
    [z.undefined(), 1, "is not allowed"],
    [z.never(), 1, "is not allowed"],
    [z.date(), "x", "must be a date"],
    [z.array(z.string()), {}, "must be an array"],
    [z.tuple([z.string()]), {}, "must be an array"],
    [z.set(z.string()), {}, "must be a set"],
    [z.map(z.string(), z.string()), {}, "must be a map"],
    [z.object({}), [], "must be an object"],
    [z.record(z.string(), z.string()), 1, "must be an object"],
    [z.file(), 1, "must be a file"],
    [z.symbol(), 1, "has the wrong type"],
  ],
  invalid_value: [
    [z.literal(true), false, "must be true"],
    [z.enum(["asc", "desc"]), "up", "must be asc or desc"],
    [z.enum(["low", "medium", "high"]), "x", "must be one of low, medium, high"],
    [z.object({ sort: z.enum(["asc", "desc"]) }), {}, "sort: is required"],
  ],
  too_small: [
    [z.string().min(1), "", "must not be empty"],
    [z.string().min(8), "x", "must have at least 8 characters"],
    [z.string().length(1), "", "must have exactly 1 character"],
    [z.array(z.string()).min(2), [], "must have at least 2 items"],
    [z.number().min(1), 0, "must be at least 1"],
    [z.number().gt(0), 0, "must be more than 0"],
    [z.bigint().min(1n), 0n, "must be at least 1"],
    [z.date().min(new Date("2026-01-01")), new Date(0), "must be at least 2026-01-01T00:00:00.000Z"],
  ],
  too_big: [
    [z.string().max(1), "xx", "must have at most 1 character"],
    [z.string().length(2), "xxx", "must have exactly 2 characters"],
    [z.array(z.string()).max(1), ["x", "y"], "must have at most 1 item"],
    [z.set(z.string()).max(1), new Set(["x", "y"]), "must have at most 1 item"],
    [z.number().max(100), 101, "must be at most 100"],
    [z.number().lt(1), 1, "must be less than 1"],
  ],
  invalid_format: [
    [z.email(), "x", "must be an email address"],
    [z.url(), "x", "must be a URL"],
    [z.uuid(), "x", "must be a UUID"],
    [z.iso.datetime(), "x", "must be a date and time in ISO 8601, such as 2026-01-31T09:30:00Z"],
    [z.iso.date(), "x", "must be a date in ISO 8601, such as 2026-01-31"],
    [z.string().regex(/^secret-[a-z]+$/), "x", "has the wrong format"],
    [z.string().startsWith("ab"), "x", "must start with ab"],
    [z.string().endsWith("yz"), "x", "must end with yz"],
    [z.string().includes("-"), "x", "must contain -"],
    [z.nanoid(), "x", "has the wrong format"],
    [z.templateLiteral(["v", z.number()]), "x", "has the wrong format"],
    [z.string().regex(/^x$/, "must be one x"), "y", "must be one x"],
  ],
  not_multiple_of: [[z.number().multipleOf(5), 7, "must be a multiple of 5"]],
  unrecognized_keys: [
    [z.strictObject({}), { nmae: 1 }, "nmae: unknown field"],
    [z.object({ owner: z.strictObject({}) }), { owner: { nmae: 1 } }, "owner.nmae: unknown field"],
  ],
  invalid_union: [
    [z.union([z.string(), z.number()]), true, "must be a string or a number"],
    [z.union([z.string(), z.object({ id: z.number() })]), { id: "x" }, "does not have an accepted form"],
    [z.union([z.array(z.int()), z.array(z.string())]), [true], "does not have an accepted form"],
    [z.xor([z.string(), z.string()]), "x", "does not have an accepted form"],
    [pet, { kind: "bird" }, "kind: must be one of cat, dog, fish"],
    [z.object({ id: z.union([z.string(), z.number()]) }), {}, "id: is required"],
  ],
  invalid_key: [[z.record(z.string().regex(/^[a-z]+$/), z.string()), { A: "x" }, "A: is not an accepted name"]],
  invalid_element: [[z.map(z.date(), z.string()), new Map([[new Date(), 1]]), "has an item that is not accepted"]],
  custom: [
    [z.string().refine(() => false), "x", "is not valid"],
    [z.string().refine(() => false, "must be visible"), "x", "must be visible"],
    [z.custom<string>(() => false), "x", "is not valid"],
  ],
};

describe.each(Object.entries(issues))("%s", (code, cases) => {
  it.each(cases.map(([schema, input, message]) => ({ schema, input, message })))(
    "$message",
    ({ schema, input, message }) => {
      expect(said(schema, input)).toEqual([message]);
      expect(schema.safeParse(input).error?.issues[0]?.code).toBe(code);
    },
  );
});

it.each([
  ...[
    "email",
    "url",
    "emoji",
    "uuid",
    "guid",
    "nanoid",
    "cuid",
    "cuid2",
    "ulid",
    "xid",
    "ksuid",
    "datetime",
    "date",
    "time",
  ],
  ...[
    "duration",
    "ipv4",
    "ipv6",
    "cidrv4",
    "cidrv6",
    "base64",
    "base64url",
    "json_string",
    "e164",
    "credit_card",
    "iban",
  ],
  ...["lowercase", "uppercase", "regex", "jwt", "mac", "template_literal", "a format that is new"],
])("has words for the format %s, and none of zod's", (format) => {
  const message = issueMessage({ code: "invalid_format", format, input: "x", pattern: "/hidden/" } as never);
  expect(message).toMatch(/^(must be|has the wrong format)/);
  expect(message).not.toMatch(/hidden|invalid|expected|received/i);
});

it("says nothing of zod's about a kind of issue that it does not know", () => {
  expect(issueMessage({ code: "a code that is new", input: "x", message: "Invalid input" } as never)).toBe(
    "is not valid",
  );
});

it("reports 100 faults at most", () => {
  expect(said(z.array(z.string()), Array(200).fill(1))).toHaveLength(100);
});
