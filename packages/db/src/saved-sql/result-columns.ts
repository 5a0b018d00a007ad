import mysql2 from "mysql2";
import type { FieldPacket } from "mysql2/promise";
import { type JsonValue, jsonNumber } from "./parameters.ts";

export const resultTypes = ["integer", "number", "string", "boolean", "date", "time", "datetime", "binary"] as const;

/** A column of a result. `binary` is base64. */
export interface ResultColumn {
  name: string;
  type: (typeof resultTypes)[number];
}

const { Types } = mysql2;
const binaryCharset = 63;
const types: Record<number, ResultColumn["type"]> = {
  [Types.SHORT]: "integer",
  [Types.INT24]: "integer",
  [Types.LONG]: "integer",
  [Types.LONGLONG]: "integer",
  [Types.YEAR]: "integer",
  [Types.FLOAT]: "number",
  [Types.DOUBLE]: "number",
  [Types.DECIMAL]: "number",
  [Types.NEWDECIMAL]: "number",
  [Types.DATE]: "date",
  [Types.NEWDATE]: "date",
  [Types.TIME]: "time",
  [Types.DATETIME]: "datetime",
  [Types.TIMESTAMP]: "datetime",
  [Types.JSON]: "string",
  [Types.GEOMETRY]: "string",
  [Types.NULL]: "string",
};

/** A column of a result from what the server says of it. A BOOLEAN is a TINYINT of one digit. */
export function resultColumn({ name, columnType, columnLength, characterSet }: FieldPacket): ResultColumn {
  if (columnType === Types.TINY) return { name, type: columnLength === 1 ? "boolean" : "integer" };
  const type = types[columnType ?? -1];
  return { name, type: type ?? (characterSet === binaryCharset ? "binary" : "string") };
}

/** A value of an exact pool in JSON. Dates and times are as they are stored: moments in UTC, with `Z` if they are known to be one. */
export function resultValue(value: unknown, type: ResultColumn["type"], isMoment = false): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return type === "boolean" ? value !== 0 : value;
  if (typeof value === "string") {
    if (type === "integer" || type === "number") return jsonNumber(value);
    return type === "datetime" ? value.replace(" ", "T") + (isMoment ? "Z" : "") : value;
  }
  return Buffer.isBuffer(value) ? value.toString("base64") : JSON.stringify(value);
}
