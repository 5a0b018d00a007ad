import avsc from "avsc";
import { wholeNumber } from "../../store/plain-row.ts";

/** Avro's `long` without loss: beyond 2^53 it is a bigint, where avsc's own type throws. */
const exactLong = avsc.types.LongType.__with(
  {
    fromBuffer: readVarint,
    toBuffer: writeVarint,
    fromJSON: Number,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === "bigint" || Number.isSafeInteger(value),
    compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0),
  },
  true,
);

/** For the option `typeHook`: every `long` of a schema, whatever its logical type. */
export function exactLongs(schema: unknown): avsc.Type | undefined {
  const isLong = schema === "long" || (schema as { type?: unknown } | null)?.type === "long";
  return isLong ? exactLong : undefined;
}

const maxNumberBytes = 7;

/** A zigzag number of seven bits per byte. */
function readVarint(bytes: Buffer): number | bigint {
  if (bytes.length <= maxNumberBytes) {
    let value = 0;
    for (let at = bytes.length - 1; at >= 0; at--) value = value * 128 + (bytes[at]! & 0x7f);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = value * 128n + BigInt(bytes[at]! & 0x7f);
  return wholeNumber(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
}

const maxHalf = 2 ** 52;

function writeVarint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  if (typeof value === "number" && value > -maxHalf && value < maxHalf) {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
    bytes.push(rest);
  } else {
    const big = BigInt(value);
    let rest = BigInt.asUintN(64, (big << 1n) ^ (big >> 63n));
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
  }
  return Buffer.from(bytes);
}
