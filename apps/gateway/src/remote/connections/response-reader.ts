import { connectionOptions } from "../../forwarding/hop-by-hop.ts";
import { InvalidResponse, parseField } from "./field-lines.ts";
import { withoutHeaders } from "./header-list.ts";

/** Receives the events of a response, in order. `part` is a view that is valid only during the call. */
export interface ResponseSink {
  /** An interim response (1xx, RFC 9110 section 15.2) other than 101. */
  onInterim(status: number, headers: string[]): void;
  onHead(head: ResponseHead): void;
  /** The app accepts another protocol (101), which all further bytes belong to. Only for a request that offered one. */
  onSwitch(headers: string[]): void;
  onData(part: Buffer): void;
  /** The response is complete; `trailers` is a flat list of names and values. */
  onEnd(trailers: string[]): void;
}

export interface ResponseHead {
  status: number;
  reason: string;
  /** End-to-end headers, flat, in the upstream's own spelling and order. */
  headers: string[];
  /** Whether the body was sent in chunks, so that its length is not known and trailers may follow. */
  chunked: boolean;
  /** Whether its body ends with the connection, so that a truncated one cannot be recognised. */
  closeDelimited: boolean;
}

type Phase = "head" | "length" | "size" | "chunk" | "chunk end" | "trailers" | "until close" | "switched" | "complete";

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const chunkSize = /^([0-9a-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
const maxHeadBytes = 64 * 1024;
const maxTrailerBytes = 16 * 1024;
const maxInterim = 100;
const nothing = Buffer.alloc(0);

/** Parses HTTP/1.1 responses (RFC 9112) from one connection, one after the other, in parts of any size. */
export class ResponseReader {
  /** Whether the connection may carry another request when the response is complete. */
  reusable = true;
  /** The upstream's `Keep-Alive` timeout in seconds, if it sent one. */
  keepAliveSeconds: number | undefined;
  #phase: Phase = "complete";
  #sink: ResponseSink | undefined;
  #bodyless = false;
  #offers = false;
  #left = 0;
  #kept = nothing;
  #trailers: string[] = [];
  #trailersLeft = maxTrailerBytes;
  /** Interim responses that came before the head of this one. */
  interim = 0;

  /** Whether the head of the response is not complete yet. */
  get awaitsHead(): boolean {
    return this.#phase === "head";
  }

  get complete(): boolean {
    return this.#phase === "complete";
  }

  /** Whether the connection has switched to another protocol. */
  get switched(): boolean {
    return this.#phase === "switched";
  }

  /** Prepares for the response to a request; one to a HEAD has no body, and only a request that `offers` another protocol may get a 101. */
  expect(sink: ResponseSink, method: string, offers = false): void {
    this.#sink = sink;
    this.#offers = offers;
    this.#bodyless = method === "HEAD";
    this.#phase = "head";
    this.#trailers = [];
    this.#trailersLeft = maxTrailerBytes;
    this.interim = 0;
  }

  /** Further events go to `sink`. */
  transferTo(sink: ResponseSink): void {
    this.#sink = sink;
  }

  /** Parses the next bytes of the connection. Throws `InvalidResponse`. */
  read(bytes: Buffer): void {
    if (this.complete) throw new InvalidResponse("The upstream sent unexpected data.");
    let rest = bytes;
    if (this.#kept.length > 0) {
      rest = Buffer.concat([this.#kept, bytes]);
      this.#kept = nothing;
    }
    while (rest.length > 0) {
      const used = this.#step(rest);
      if (used < 0) {
        if (rest.length > maxHeadBytes) throw new InvalidResponse("The head of the response is too long.");
        this.#kept = Buffer.from(rest);
        return;
      }
      rest = rest.subarray(used);
      if (this.complete) {
        // Unexpected bytes: they could not be distinguished from the next response on this connection.
        if (rest.length > 0) this.reusable = false;
        this.#reportEnd();
        return;
      }
    }
  }

  /** The upstream has closed its side. Throws `InvalidResponse` when the response is incomplete. */
  end(): void {
    if (this.#phase !== "until close" && this.#phase !== "switched")
      throw new InvalidResponse("The response ended too early.");
    this.#phase = "complete";
    this.#reportEnd();
  }

  /** Returns how many bytes were consumed; -1 when more are needed. */
  #step(bytes: Buffer): number {
    switch (this.#phase) {
      case "head": {
        const end = bytes.indexOf("\r\n\r\n", 0, "latin1");
        if (end < 0) return -1;
        if (end > maxHeadBytes) throw new InvalidResponse("The head of the response is too long.");
        this.#head(bytes.toString("latin1", 0, end));
        return end + 4;
      }
      case "length":
      case "chunk": {
        const part = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
        this.#left -= part.length;
        this.#sink?.onData(part);
        if (this.#left === 0) {
          if (this.#phase === "length") this.#phase = "complete";
          else this.#phase = "chunk end";
        }
        return part.length;
      }
      case "until close":
      case "switched":
        this.#sink?.onData(bytes);
        return bytes.length;
      default:
        return this.#line(bytes);
    }
  }

  #line(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n", 0, "latin1");
    if (end < 0) return -1;
    const line = bytes.toString("latin1", 0, end);
    if (this.#phase === "size") {
      const size = chunkSize.exec(line)?.[1];
      if (size === undefined) throw new InvalidResponse("A chunk has an invalid size.");
      this.#left = Number.parseInt(size, 16);
      this.#phase = this.#left === 0 ? "trailers" : "chunk";
    } else if (this.#phase === "chunk end") {
      if (line !== "") throw new InvalidResponse("A chunk is longer than its size.");
      this.#phase = "size";
    } else if (line === "") {
      this.#phase = "complete";
    } else {
      this.#trailersLeft -= end + 2;
      if (this.#trailersLeft < 0) throw new InvalidResponse("The trailers of the response are too long.");
      const { name, value } = parseField(line);
      this.#trailers.push(name, value);
    }
    return end + 2;
  }

  #head(text: string): void {
    const lines = text.split("\r\n");
    const [, minor, code, reason = ""] = statusLine.exec(lines[0] as string) ?? [];
    if (code === undefined) throw new InvalidResponse("The response has an invalid status line.");
    const status = Number(code);
    const headers: string[] = [];
    let length: string | undefined;
    let coding: string | undefined;
    let connection = "";
    for (let i = 1; i < lines.length; i++) {
      const { name, value, role } = parseField(lines[i] as string);
      if (role === "end to end") {
        headers.push(name, value);
      } else if (role === "content-length") {
        if (length !== undefined && length !== value) throw new InvalidResponse("The response has two lengths.");
        // RFC 9110 section 8.6: a response whose status excludes a body has no length.
        if (length === undefined && status >= 200 && status !== 204) headers.push(name, value);
        length = value;
      } else if (role === "transfer-encoding") {
        coding = coding === undefined ? value : `${coding},${value}`;
      } else if (role === "connection") {
        connection = connection === "" ? value : `${connection},${value}`;
      } else if (role === "keep-alive") {
        const seconds = /timeout=(\d{1,6})/i.exec(value)?.[1];
        if (seconds !== undefined) this.keepAliveSeconds = Number(seconds);
      }
    }
    const dropped = connectionOptions(connection);
    const passed = dropped ? withoutHeaders(headers, dropped) : headers;
    if (status === 101) {
      if (!this.#offers || minor === "0")
        throw new InvalidResponse("The upstream switched protocols without an offer.");
      this.reusable = false;
      this.#phase = "switched";
      this.#sink?.onSwitch(passed);
      return;
    }
    if (status < 200) {
      if (++this.interim > maxInterim) throw new InvalidResponse("The upstream sent too many interim responses.");
      this.#sink?.onInterim(status, passed);
      return;
    }
    if (minor === "0" || /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(connection)) this.reusable = false;
    this.#frame(status, passed, reason, length, coding, minor === "0");
  }

  /** Where the body ends (RFC 9112 section 6.3). */
  #frame(
    status: number,
    headers: string[],
    reason: string,
    length: string | undefined,
    coding: string | undefined,
    old: boolean,
  ): void {
    if (coding !== undefined && (length !== undefined || old || coding.toLowerCase() !== "chunked")) {
      throw new InvalidResponse("The framing of the response body is ambiguous.");
    }
    if (length !== undefined && !/^\d{1,15}$/.test(length))
      throw new InvalidResponse("The response has an invalid length.");
    const chunked = coding !== undefined;
    const bodyless = this.#bodyless || status === 204 || status === 304;
    this.#left = Number(length ?? 0);
    this.#phase = chunked ? "size" : length === undefined ? "until close" : "length";
    if (this.#phase === "until close") this.reusable &&= bodyless;
    const closeDelimited = this.#phase === "until close" && !bodyless;
    this.#sink?.onHead({ status, reason, headers, chunked, closeDelimited });
    if (bodyless || (this.#phase === "length" && this.#left === 0)) this.#phase = "complete";
  }

  #reportEnd(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.onEnd(this.#trailers);
  }
}
