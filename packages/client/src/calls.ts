/** Turns the types of an app's routes into the types of a client's operations. */
import type { HealthReport, ProblemBody } from "@quintet/http";
import type { Hono } from "hono";
import type { hc } from "hono/client";
import type { ExtractSchema } from "hono/types";
import type { StatusCode } from "hono/utils/http-status";

/** The operations of an app whose routes have these types; a union of apps has the operations of all of them. */
export type Calls<Api> = ReturnType<typeof hc<Hono<object, ClientSchema<ExtractSchema<Api>> & Health, "/">>>;

type Health = {
  "/health": { $get: { input: object; output: HealthReport; outputFormat: "json"; status: 200 | 503 } };
};

type ClientSchema<Schema> = {
  [Path in keyof Schema]: {
    [Method in keyof Schema[Path]]: Success<Schema[Path][Method]> | Failure<Schema[Path][Method]>;
  };
};

/** The successful responses of an operation: where there is JSON or a page, the JSON. */
type Success<Response> = [Extract<WithStatus<Response>, { outputFormat: "json" }>] extends [never]
  ? Operation<WithStatus<Response>> | File<Exclude<Response, WithStatus<Response>>>
  : Operation<WithStatus<Response>>;

/** Excludes the type of a bare `Response`, which has any status. */
type WithStatus<Response> = Response extends { status: infer Status }
  ? StatusCode extends Status
    ? never
    : Response
  : never;

type Operation<Response> = Response extends {
  input: infer Input;
  output: infer Output;
  outputFormat: infer Format;
  status: infer Status;
}
  ? { input: Arguments<Input>; output: Output; outputFormat: Format; status: Status }
  : never;

type File<Response> = Response extends { input: infer Input }
  ? { input: Arguments<Input>; output: unknown; outputFormat: "file"; status: 200 }
  : never;

/** Any operation may fail with a problem. */
type Failure<Response> = Response extends { input: infer Input }
  ? { input: Arguments<Input>; output: ProblemBody; outputFormat: "json"; status: ProblemBody["status"] }
  : never;

/** The arguments of an operation: a part without required fields may be omitted, and numbers may be passed as numbers. */
type Arguments<Input> = {
  [Part in keyof Input as IsOptional<Input[Part]> extends true ? never : Part]: Values<Part, Input[Part]>;
} & {
  [Part in keyof Input as IsOptional<Input[Part]> extends true ? Part : never]?: Values<Part, Input[Part]>;
};

/** Whether a part has no required field. A part without any fields is an index of `never`. */
type IsOptional<Part> = string extends keyof Part ? true : Record<never, never> extends Part ? true : false;

type Values<Part, Fields> = Part extends "query" | "param" ? { [Name in keyof Fields]: Text<Fields[Name]> } : Fields;

type Text<Value> = string extends Value
  ? Value | number
  : [Value] extends ["true" | "false" | undefined]
    ? Value | boolean
    : Value;
