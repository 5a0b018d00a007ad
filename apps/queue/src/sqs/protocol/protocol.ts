import { formType, mediaTypeOf } from "@quintet/http";
import type { Action } from "../actions/action.ts";
import { actions } from "../actions/actions.ts";
import { SqsError } from "../sqs-error.ts";
import { readQuery, xmlError, xmlResponse } from "./query.ts";
import { readJson } from "./shapes.ts";

/** What a protocol reads of a request. `query` is that of its URL, without the question mark. */
export interface ProtocolRequest {
  query: string;
  body: Uint8Array;
  header(name: string): string | undefined;
}

/** A call of an action. */
export interface Call {
  name: string;
  action: Action;
  input: { QueueUrl?: string; QueueName?: string };
}

/** A response of a protocol, without the headers that both have. */
interface ProtocolResponse {
  status: 200 | number;
  headers: Record<string, string>;
  text: string;
}

/** One of the two protocols of SQS. */
export interface Protocol {
  read(request: ProtocolRequest): Call;
  respond(call: Call, result: object, requestId: string): ProtocolResponse;
  fail(error: SqsError, requestId: string): ProtocolResponse;
}

const targetHeader = "x-amz-target";
const jsonType = "application/x-amz-json-1.0";
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** AWS JSON 1.0: the action is in a header, its input is the body. */
const json: Protocol = {
  read({ body, header }) {
    const target = header(targetHeader) ?? "";
    const found = find(/^AmazonSQS\.(\w+)$/.exec(target)?.[1] ?? target);
    return { ...found, input: readJson(found.action.input, parse(decode(body) || "{}")) as Call["input"] };
  },
  respond: (_, result) => ({ status: 200, headers: { "Content-Type": jsonType }, text: JSON.stringify(result) }),
  fail: ({ status, jsonType: __type, message, queryCode, senderFault }) => ({
    status,
    headers: { "Content-Type": jsonType, "x-amzn-query-error": `${queryCode};${senderFault ? "Sender" : "Receiver"}` },
    text: JSON.stringify({ __type, message }),
  }),
};

/** The Query protocol: the action and its input are parameters, in the URL or in a form; responses are XML. */
const query: Protocol = {
  read({ query, body, header }) {
    const isForm = mediaTypeOf(header("content-type")) === formType;
    const parameters = new URLSearchParams(isForm && body.length > 0 ? `${query}&${decode(body)}` : query);
    const found = find(parameters.get("Action") ?? "");
    return { ...found, input: readQuery(found.action.input, parameters) as Call["input"] };
  },
  respond: ({ name, action }, result, requestId) => ({
    status: 200,
    headers: { "Content-Type": "text/xml" },
    text: xmlResponse(name, action.output, result, requestId),
  }),
  fail: (error, requestId) => ({
    status: error.status,
    headers: { "Content-Type": "text/xml" },
    text: xmlError(error, requestId),
  }),
};

/** The protocol of a request: JSON when it names a target or has a body of that type. */
export function protocolOf(header: ProtocolRequest["header"]): Protocol {
  const isJson =
    header(targetHeader) !== undefined || /^application\/x-amz-json-/.test(mediaTypeOf(header("content-type")));
  return isJson ? json : query;
}

function find(name: string): Pick<Call, "name" | "action"> {
  if (name === "") throw new SqsError("MissingAction", "The request must contain the parameter Action.");
  const action = actions.get(name);
  if (!action) throw new SqsError("InvalidAction", `The action ${name.slice(0, 100)} is not valid for this endpoint.`);
  return { name, action };
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new SqsError("MalformedInput", "The body is not valid UTF-8.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SqsError("MalformedInput", "The body is not JSON.");
  }
}
