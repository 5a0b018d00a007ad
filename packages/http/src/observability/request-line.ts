import type { IncomingMessage } from "node:http";
import { pathOf } from "./path-of.ts";
import type { RequestRecord } from "./request-record.ts";

/** How a request ended. */
export interface RequestEnd {
  status: number;
  ms: number;
  /** As transferred, headers included; over HTTP/2 headers count as their names and values, before compression. */
  bytesIn: number;
  bytesOut: number;
  /** Whether the client disconnected before the response was complete. */
  aborted: boolean;
}

/**
 * The fields of a request's log line, as JSON text (Elastic Common Schema; `upstream` is our own). Concatenated by hand, because a
 * general serializer costs several times as much. The query is not logged at all.
 */
export function requestLine(request: IncomingMessage, record: RequestRecord, end: RequestEnd): string {
  let text = `"http":{"version":"${request.httpVersion}","request":{"id":"${record.id}","method":"${request.method}","bytes":${end.bytesIn}},"response":{"status_code":${end.status},"bytes":${end.bytesOut}}},"url":{"path":${JSON.stringify(pathOf(request.url))}},"event":{"duration":${Math.round(end.ms * 1e6)}${end.aborted ? ',"outcome":"failure","reason":"client disconnected"' : ""}},"labels":{"route":${JSON.stringify(record.route)}}`;
  const accountId = record.context?.get("account")?.id;
  if (accountId !== undefined) text += `,"user":{"id":"${accountId}"}`;
  if (record.traceId !== undefined) text += `,"trace":{"id":"${record.traceId}"}`;
  if (record.span !== undefined) text += `,"span":{"id":"${record.span.spanId}"}`;
  const { upstream } = record;
  if (upstream !== undefined) {
    text += `,"upstream":{"name":"${upstream.name}","tries":${upstream.tries}`;
    if (upstream.target !== undefined) text += `,"target":${JSON.stringify(upstream.target)}`;
    if (upstream.connectedMs !== undefined) text += `,"connected_ms":${upstream.connectedMs.toFixed(3)}`;
    if (upstream.firstByteMs !== undefined) text += `,"first_byte_ms":${upstream.firstByteMs.toFixed(3)}`;
    if (upstream.endedMs !== undefined) text += `,"ended_ms":${upstream.endedMs.toFixed(3)}`;
    text += "}";
  }
  return text;
}
