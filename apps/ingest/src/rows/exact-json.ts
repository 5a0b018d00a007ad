/** A number whose text in JSON has digits that a JavaScript number would lose; what `JSON.rawJSON` makes. */
interface RawNumber {
  readonly rawJSON: string;
}

/** JSON.parse source text access (TC39, in V8 since 11.4), of which TypeScript has no types yet. */
const exact = JSON as unknown as {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** Parses JSON without losing a digit: a number that JavaScript cannot keep exactly is kept as its text. */
export function parseExact(text: string): unknown {
  return exact.parse(text, (_name, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value,
  );
}

/** The text of a JSON number; undefined for any other value. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return exact.isRawJSON(value) ? value.rawJSON : undefined;
}
