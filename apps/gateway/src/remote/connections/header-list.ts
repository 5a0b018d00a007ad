/** The value of a header in a flat list of names and values; the name is in lower case. Several values are joined by commas. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const candidate = headers[i] as string;
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
    found = found === undefined ? (headers[i + 1] as string) : `${found},${headers[i + 1]}`;
  }
  return found;
}

/** A flat list of names and values without these headers; the names are in lower case. */
export function withoutHeaders(headers: string[], dropped: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!dropped.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}
