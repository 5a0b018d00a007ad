import { dropsOf } from "../hop-by-hop.ts";
import { BadAnswer, fieldOf } from "./field-lines.ts";
import { withoutHeaders } from "./header-list.ts";

/** What a reader tells of an answer, in order. `part` is a view that is only good during the call. */
export interface AnswerSink {
  /** An interim answer (1xx, RFC 9110 section 15.2) other than 101. */
  onInformation(status: number, headers: string[]): void;
  onHead(head: AnswerHead): void;
  /** The app accepts another protocol (101): what follows is of that, to its end. Only for a request that offered one. */
  onSwitch(headers: string[]): void;
  onData(part: Buffer): void;
  /** The answer is whole; `trailers` is a flat list of names and values. */
  onEnd(trailers: string[]): void;
}

export interface AnswerHead {
  status: number;
  reason: string;
  /** End-to-end headers, flat, in the upstream's own spelling and order. */
  headers: string[];
  /** Whether the body was sent in chunks, so that its length is not known and trailers may follow. */
  chunked: boolean;
  /** Whether its body ends where the connection does, so that nobody can tell whether it is whole. */
  closeDelimited: boolean;
}

type Phase = "head" | "length" | "size" | "chunk" | "chunk end" | "trailers" | "until close" | "switched" | "complete";

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const chunkSize = /^([0-9a-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
const largestHead = 64 * 1024;
const largestTrailers = 16 * 1024;
const mostInterim = 100;
const nothing = Buffer.alloc(0);

/** Reads HTTP/1.1 answers (RFC 9112) off one connection, one after the other, in whatever pieces they come. */
export class ResponseReader {
  /** Whether the connection may carry another request when the answer is whole. */
  reusable = true;
  /** Seconds that the upstream keeps an idle connection, when it says so. */
  keepAliveSeconds: number | undefined;
  #phase: Phase = "complete";
  #sink: AnswerSink | undefined;
  #bodyless = false;
  #offers = false;
  #left = 0;
  #kept = nothing;
  #trailers: string[] = [];
  #trailersLeft = largestTrailers;
  /** Interim answers that came before the head of this one. */
  interim = 0;

  /** Whether the head of the answer is still to come, or the rest of it. */
  get awaitsHead(): boolean {
    return this.#phase === "head";
  }

  get complete(): boolean {
    return this.#phase === "complete";
  }

  /** Whether the connection is of another protocol now. */
  get switched(): boolean {
    return this.#phase === "switched";
  }

  /** Gets ready for the answer to a request; the answer to a HEAD has no body, and only one that `offers` another protocol may be a 101. */
  expect(sink: AnswerSink, method: string, offers = false): void {
    this.#sink = sink;
    this.#offers = offers;
    this.#bodyless = method === "HEAD";
    this.#phase = "head";
    this.#trailers = [];
    this.#trailersLeft = largestTrailers;
    this.interim = 0;
  }

  /** What comes from now on goes to `sink`. */
  handTo(sink: AnswerSink): void {
    this.#sink = sink;
  }

  /** Takes the next bytes of the connection. Throws `BadAnswer`. */
  read(bytes: Buffer): void {
    if (this.complete) throw new BadAnswer("The upstream sent something unasked.");
    let rest = bytes;
    if (this.#kept.length > 0) {
      rest = Buffer.concat([this.#kept, bytes]);
      this.#kept = nothing;
    }
    while (rest.length > 0) {
      const used = this.#step(rest);
      if (used < 0) {
        if (rest.length > largestHead) throw new BadAnswer("The head of the answer is too long.");
        this.#kept = Buffer.from(rest);
        return;
      }
      rest = rest.subarray(used);
      if (this.complete) {
        // Bytes that nobody asked for: the next answer on this connection could not be told from them.
        if (rest.length > 0) this.reusable = false;
        this.#tellEnd();
        return;
      }
    }
  }

  /** The upstream has closed its side. Throws `BadAnswer` when the answer is not whole then. */
  end(): void {
    if (this.#phase !== "until close" && this.#phase !== "switched") throw new BadAnswer("The answer ended too early.");
    this.#phase = "complete";
    this.#tellEnd();
  }

  /** How many of the bytes were used; -1 when more are needed. */
  #step(bytes: Buffer): number {
    switch (this.#phase) {
      case "head": {
        const end = bytes.indexOf("\r\n\r\n", 0, "latin1");
        if (end < 0) return -1;
        if (end > largestHead) throw new BadAnswer("The head of the answer is too long.");
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
      if (size === undefined) throw new BadAnswer("A chunk has no proper size.");
      this.#left = Number.parseInt(size, 16);
      this.#phase = this.#left === 0 ? "trailers" : "chunk";
    } else if (this.#phase === "chunk end") {
      if (line !== "") throw new BadAnswer("A chunk is longer than its size.");
      this.#phase = "size";
    } else if (line === "") {
      this.#phase = "complete";
    } else {
      this.#trailersLeft -= end + 2;
      if (this.#trailersLeft < 0) throw new BadAnswer("The trailers of the answer are too long.");
      const { name, value } = fieldOf(line);
      this.#trailers.push(name, value);
    }
    return end + 2;
  }

  #head(text: string): void {
    const lines = text.split("\r\n");
    const [, minor, code, reason = ""] = statusLine.exec(lines[0] as string) ?? [];
    if (code === undefined) throw new BadAnswer("The answer has no proper status line.");
    const status = Number(code);
    const headers: string[] = [];
    let length: string | undefined;
    let coding: string | undefined;
    let connection = "";
    for (let i = 1; i < lines.length; i++) {
      const { name, value, role } = fieldOf(lines[i] as string);
      if (role === "end to end") {
        headers.push(name, value);
      } else if (role === "content-length") {
        if (length !== undefined && length !== value) throw new BadAnswer("The answer has two lengths.");
        // RFC 9110 section 8.6: what has no body by its status has no length.
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
    const dropped = dropsOf(connection);
    const passed = dropped ? withoutHeaders(headers, dropped) : headers;
    if (status === 101) {
      if (!this.#offers || minor === "0") throw new BadAnswer("The upstream switches protocols, unasked.");
      this.reusable = false;
      this.#phase = "switched";
      this.#sink?.onSwitch(passed);
      return;
    }
    if (status < 200) {
      if (++this.interim > mostInterim) throw new BadAnswer("The upstream sends interim answers without end.");
      this.#sink?.onInformation(status, passed);
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
      throw new BadAnswer("The answer's body is framed in a way that is not safe.");
    }
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new BadAnswer("The answer has no proper length.");
    const chunked = coding !== undefined;
    const bodyless = this.#bodyless || status === 204 || status === 304;
    this.#left = Number(length ?? 0);
    this.#phase = chunked ? "size" : length === undefined ? "until close" : "length";
    if (this.#phase === "until close") this.reusable &&= bodyless;
    const closeDelimited = this.#phase === "until close" && !bodyless;
    this.#sink?.onHead({ status, reason, headers, chunked, closeDelimited });
    if (bodyless || (this.#phase === "length" && this.#left === 0)) this.#phase = "complete";
  }

  #tellEnd(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.onEnd(this.#trailers);
  }
}
