/** One message as the strictest reader takes it. */
export interface Message {
  /** The request line or the status line. */
  line: string;
  /** In lower case, in order. */
  headers: [string, string][];
  body: string;
}

const header = /^([!#$%&'*+\-.^_`|~\w]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;

/**
 * Reads HTTP/1.1 messages off latin1 text as RFC 9112 says and no other way. `rest` is what is left when a message is not
 * whole, and `fault` says what no strict reader takes. `bodyless` are the answers (by number) that have no body.
 */
export function readMessages(
  text: string,
  bodyless: (line: string, index: number) => boolean = () => false,
): { messages: Message[]; rest: string; fault?: string } {
  const messages: Message[] = [];
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return { messages, rest };
    const [line = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers: [string, string][] = [];
    for (const one of lines) {
      const [, name, value] = header.exec(one) ?? [];
      if (name === undefined) return { messages, rest, fault: `the header ${JSON.stringify(one)}` };
      headers.push([name.toLowerCase(), value ?? ""]);
    }
    const all = (name: string) => headers.filter(([known]) => known === name).map(([, value]) => value);
    const [lengths, codings] = [all("content-length"), all("transfer-encoding")];
    if (lengths.length + codings.length > 1) return { messages, rest, fault: "two ways to end" };
    let at = end + 4;
    let body = "";
    if (/^HTTP\/1\.[01] 1\d\d/.test(line)) {
      rest = rest.slice(at);
      continue;
    }
    if (bodyless(line, messages.length)) {
      // Nothing follows.
    } else if (codings.length > 0) {
      if (codings[0] !== "chunked") return { messages, rest, fault: `the coding ${codings[0]}` };
      for (;;) {
        const [whole, size = ""] = /^([\da-f]{1,8})(?:;[^\r\n]*)?\r\n/i.exec(rest.slice(at)) ?? [];
        if (whole === undefined) return { messages, rest };
        at += whole.length;
        const length = Number.parseInt(size, 16);
        if (length === 0) break;
        body += rest.slice(at, at + length);
        at += length;
        if (rest.length < at + 2) return { messages, rest };
        if (rest.slice(at, at + 2) !== "\r\n") return { messages, rest, fault: "a chunk that does not end" };
        at += 2;
      }
      const trailers = /^(?:[^\r\n]+\r\n)*\r\n/.exec(rest.slice(at))?.[0];
      if (trailers === undefined) return { messages, rest };
      at += trailers.length;
    } else if (lengths.length > 0) {
      if (!/^\d{1,15}$/.test(lengths[0] as string)) return { messages, rest, fault: `the length ${lengths[0]}` };
      const length = Number(lengths[0]);
      if (rest.length < at + length) return { messages, rest };
      body = rest.slice(at, at + length);
      at += length;
    }
    messages.push({ line, headers, body });
    rest = rest.slice(at);
  }
  return { messages, rest };
}
