/** How the types of an app's routes become the types of a client's calls. */
import type { HealthReport, ProblemBody } from "@quintet/http";
import type { Hono } from "hono";
import type { hc } from "hono/client";
import type { ExtractSchema } from "hono/types";
import type { StatusCode } from "hono/utils/http-status";

/** The calls of an app whose routes have these types; a union of apps has the calls of all of them. */
export type Calls<Api> = ReturnType<typeof hc<Hono<object, Told<ExtractSchema<Api>> & Health, "/">>>;

type Health = {
  "/health": { $get: { input: object; output: HealthReport; outputFormat: "json"; status: 200 | 503 } };
};

type Told<Schema> = {
  [Path in keyof Schema]: {
    [Method in keyof Schema[Path]]: Answered<Schema[Path][Method]> | Refused<Schema[Path][Method]>;
  };
};

/** The answers of a call as a program gets them: where there is JSON or a page, the JSON. */
type Answered<Answer> = [Extract<WithStatus<Answer>, { outputFormat: "json" }>] extends [never]
  ? Asked<WithStatus<Answer>> | File<Exclude<Answer, WithStatus<Answer>>>
  : Asked<WithStatus<Answer>>;

/** Leaves out what the type of a bare `Response` has become: an answer of any status. */
type WithStatus<Answer> = Answer extends { status: infer Status }
  ? StatusCode extends Status
    ? never
    : Answer
  : never;

type Asked<Answer> = Answer extends {
  input: infer Input;
  output: infer Output;
  outputFormat: infer Format;
  status: infer Status;
}
  ? { input: Given<Input>; output: Output; outputFormat: Format; status: Status }
  : never;

type File<Answer> = Answer extends { input: infer Input }
  ? { input: Given<Input>; output: unknown; outputFormat: "file"; status: 200 }
  : never;

/** Every call may be refused. */
type Refused<Answer> = Answer extends { input: infer Input }
  ? { input: Given<Input>; output: ProblemBody; outputFormat: "json"; status: ProblemBody["status"] }
  : never;

/** What is given to a call: a part that needs nothing may be left out, and numbers need not be written as texts. */
type Given<Input> = {
  [Part in keyof Input as NeedsNothing<Input[Part]> extends true ? never : Part]: Values<Part, Input[Part]>;
} & {
  [Part in keyof Input as NeedsNothing<Input[Part]> extends true ? Part : never]?: Values<Part, Input[Part]>;
};

/** Whether a part has no field that must be there. One that has no fields at all is an index of `never`. */
type NeedsNothing<Part> = string extends keyof Part ? true : Record<never, never> extends Part ? true : false;

type Values<Part, Given> = Part extends "query" | "param" ? { [Name in keyof Given]: Text<Given[Name]> } : Given;

type Text<Value> = string extends Value
  ? Value | number
  : [Value] extends ["true" | "false" | undefined]
    ? Value | boolean
    : Value;
