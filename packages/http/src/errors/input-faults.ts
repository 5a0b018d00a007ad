import { z } from "zod";
import type { InputFault } from "./problem.ts";

/**
 * The message about an invalid input, to follow the name of a field: "is required", "must be at least 1". Used for every issue whose schema
 * has no message of its own, so that none of zod's texts reaches a client.
 */
export function issueMessage(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined && issue.code !== "custom" && issue.code !== "unrecognized_keys") return "is required";
  switch (issue.code) {
    case "invalid_type":
      return typeMessages[issue.expected] ?? "has the wrong type";
    case "invalid_value":
      return mustBeOneOf(issue.values);
    case "too_small":
      return tooSmall(issue);
    case "too_big":
      return tooBig(issue);
    case "invalid_format":
      return formatMessage(issue);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `has unknown fields: ${issue.keys.join(", ")}`;
    case "invalid_union":
      return unionMessage(issue);
    case "invalid_key":
      return "is not an accepted name";
    case "invalid_element":
      return "has an item that is not accepted";
    default:
      return "is not valid";
  }
}

// For every schema of the process, wherever it is parsed: by the validator of a route, by `readEnv`, or by a handler.
z.config({ customError: issueMessage });

/** The faults in an error of zod, at most 100. An unknown field is a fault of its own, by name; `unknown` is what is said of it. */
export function inputFaults(error: z.ZodError, unknown = "unknown field"): InputFault[] {
  return error.issues.slice(0, 100).flatMap((issue) => {
    const path = issue.path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: unknown }));
  });
}

const typeMessages: Record<string, string> = {
  string: "must be a string",
  number: "must be a number",
  int: "must be a whole number",
  bigint: "must be a whole number",
  boolean: "must be true or false",
  null: "must be null",
  undefined: "is not allowed",
  void: "is not allowed",
  never: "is not allowed",
  nonoptional: "is required",
  date: "must be a date",
  array: "must be an array",
  tuple: "must be an array",
  set: "must be a set",
  map: "must be a map",
  object: "must be an object",
  record: "must be an object",
  file: "must be a file",
};

/** What a length is counted in. */
const units: Record<string, [one: string, many: string]> = {
  string: ["character", "characters"],
  array: ["item", "items"],
  set: ["item", "items"],
  map: ["entry", "entries"],
  file: ["byte", "bytes"],
};

function counted(bound: number | bigint, origin: string): string | undefined {
  const unit = units[origin];
  return unit && `${bound} ${unit[Number(bound) === 1 ? 0 : 1]}`;
}

function boundary(bound: number | bigint, origin: string): string {
  return origin === "date" ? new Date(Number(bound)).toISOString() : String(bound);
}

function tooSmall({ origin, minimum, inclusive, exact }: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall>): string {
  const count = counted(minimum, origin);
  if (count) {
    if (exact) return `must have exactly ${count}`;
    return Number(minimum) === 1 ? "must not be empty" : `must have at least ${count}`;
  }
  return `must be ${inclusive ? "at least" : "more than"} ${boundary(minimum, origin)}`;
}

function tooBig({ origin, maximum, inclusive, exact }: z.core.$ZodRawIssue<z.core.$ZodIssueTooBig>): string {
  const count = counted(maximum, origin);
  if (count) return `must have ${exact ? "exactly" : "at most"} ${count}`;
  return `must be ${inclusive ? "at most" : "less than"} ${boundary(maximum, origin)}`;
}

const formatMessages: Record<string, string> = {
  email: "must be an email address",
  url: "must be a URL",
  uuid: "must be a UUID",
  guid: "must be a UUID",
  datetime: "must be a date and time in ISO 8601, such as 2026-01-31T09:30:00Z",
  date: "must be a date in ISO 8601, such as 2026-01-31",
  time: "must be a time in ISO 8601, such as 09:30:00",
  duration: "must be a duration in ISO 8601, such as PT15M",
  ipv4: "must be an IPv4 address",
  ipv6: "must be an IPv6 address",
  cidrv4: "must be an IPv4 network, such as 10.0.0.0/8",
  cidrv6: "must be an IPv6 network, such as fc00::/7",
  base64: "must be base64",
  base64url: "must be base64url",
  json_string: "must be JSON",
  e164: "must be a phone number in E.164 form, such as +14155550100",
  jwt: "must be a JWT",
  emoji: "must be an emoji",
  lowercase: "must be in lower case",
  uppercase: "must be in upper case",
};

function formatMessage(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidStringFormat>): string {
  if (issue.format === "starts_with") return `must start with ${issue.prefix}`;
  if (issue.format === "ends_with") return `must end with ${issue.suffix}`;
  if (issue.format === "includes") return `must contain ${issue.includes}`;
  return formatMessages[issue.format] ?? "has the wrong format";
}

/** `must be asc or desc`, `must be one of low, medium, high`. */
function mustBeOneOf(values: readonly unknown[]): string {
  const texts = values.map(String);
  return texts.length > 2 ? `must be one of ${texts.join(", ")}` : `must be ${texts.join(" or ")}`;
}

function unionMessage(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { options } = issue as { options?: readonly unknown[] };
  if (options && options.length > 0) return mustBeOneOf(options);
  // Each alternative wants another type of the whole: "must be a string or an array".
  const wanted = issue.errors.map(([only, ...more]) =>
    only && more.length === 0 && only.path.length === 0 && only.message.startsWith("must be ")
      ? only.message.slice("must be ".length)
      : undefined,
  );
  const known = [...new Set(wanted)];
  if (known.length === 0 || known.includes(undefined)) return "does not have an accepted form";
  return `must be ${known.join(" or ")}`;
}
