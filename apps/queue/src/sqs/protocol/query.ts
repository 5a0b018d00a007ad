import { SqsError } from "../sqs-error.ts";
import type { Node, Shape } from "./shapes.ts";

/** The parameters of a Query request as a tree: `Attribute.1.Name` is three levels deep. */
interface Branch {
  value?: string;
  children: Map<string, Branch>;
}

function treeOf(parameters: URLSearchParams): Branch {
  const root: Branch = { children: new Map() };
  for (const [name, value] of parameters) {
    let node = root;
    for (const part of name.split(".")) {
      let child = node.children.get(part);
      if (!child) {
        child = { children: new Map() };
        node.children.set(part, child);
      }
      node = child;
    }
    node.value = value;
  }
  return root;
}

/** Reads the input of an action of the Query protocol. */
export function readQuery<T>(shape: Shape<T>, parameters: URLSearchParams): T {
  return read(shape, treeOf(parameters), "") as T;
}

function read(shape: Node, node: Branch, path: string): unknown {
  if (shape.kind === "structure") {
    const found: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(shape.fields)) {
      const flattened = field.kind === "list" || field.kind === "map";
      const child = node.children.get(flattened ? field.name : name);
      if (child) found[name] = read(field, child, path === "" ? name : `${path}.${name}`);
    }
    return found;
  }
  if (shape.kind === "list") return elements(node).map(([n, child]) => read(shape.of, child, `${path}.${n}`));
  if (shape.kind === "map") {
    return Object.fromEntries(
      elements(node).map(([n, child]) => {
        const value = child.children.get(shape.value) ?? { value: "", children: new Map() };
        return [child.children.get(shape.key)?.value ?? "", read(shape.of, value, `${path}.${n}`)];
      }),
    );
  }
  const { value = "" } = node;
  if (shape.kind === "integer") {
    if (/^-?\d{1,15}$/.test(value)) return Number(value);
    throw new SqsError(
      "InvalidParameterValue",
      `Value ${value} for parameter ${path} is invalid. Reason: Must be an integer.`,
    );
  }
  if (shape.kind === "flag") return value === "true";
  return value;
}

/** The numbered elements of a flattened list, in the order of their numbers. */
function elements(node: Branch): [number: number, child: Branch][] {
  return [...node.children]
    .filter(([name]) => /^\d{1,9}$/.test(name))
    .map(([name, child]): [number, Branch] => [Number(name), child])
    .sort(([a], [b]) => a - b);
}

const namespace = "http://queue.amazonaws.com/doc/2012-11-05/";

/** The response to an action, as XML. An action without a result has no element for it. */
export function xmlResponse(action: string, output: Node | undefined, value: object, requestId: string): string {
  const result = output === undefined ? "" : `<${action}Result>${write(output, value)}</${action}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata>`;
  return `${declaration}<${action}Response xmlns="${namespace}">${result}${metadata}</${action}Response>`;
}

/** An error, as XML. */
export function xmlError(error: SqsError, requestId: string): string {
  const type = error.senderFault ? "Sender" : "Receiver";
  const parts = `<Type>${type}</Type><Code>${error.queryCode}</Code><Message>${escapeXml(error.message)}</Message><Detail/>`;
  const id = `<RequestId>${escapeXml(requestId)}</RequestId>`;
  return `${declaration}<ErrorResponse xmlns="${namespace}"><Error>${parts}</Error>${id}</ErrorResponse>`;
}

const declaration = '<?xml version="1.0"?>\n';

function write(shape: Node, value: unknown): string {
  if (shape.kind !== "structure") return escapeXml(String(value));
  const given = value as Record<string, unknown>;
  return Object.entries(shape.fields)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, field]) => member(name, field, given[name]))
    .join("");
}

function member(name: string, shape: Node, value: unknown): string {
  if (shape.kind === "list") {
    return (value as unknown[]).map((one) => `<${shape.name}>${write(shape.of, one)}</${shape.name}>`).join("");
  }
  if (shape.kind === "map") {
    return Object.entries(value as object)
      .map(([key, one]) => {
        const pair = `<${shape.key}>${escapeXml(key)}</${shape.key}><${shape.value}>${write(shape.of, one)}</${shape.value}>`;
        return `<${shape.name}>${pair}</${shape.name}>`;
      })
      .join("");
  }
  return `<${name}>${write(shape, value)}</${name}>`;
}

const references: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;" };

/** A text as XML 1.0 can have it. What it cannot have, even as a reference, becomes U+FFFD; no message sent by this protocol contains it. */
function escapeXml(value: string): string {
  return value
    .replace(/[&<>"\r]/g, (c) => references[c] ?? c)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}
