import { isUtf8 } from "node:buffer";

/** Why a file cannot be read, in one sentence that says what it looks like and what to send. */
export interface Refusal {
  refusal: string;
  /** The parameter to send. */
  parameter: string;
}

/** The encoding that the beginning of a file is in, and how sure that is, from 0 to 1; or why it cannot be told. */
export type SniffedEncoding = { encoding: string; confidence: number; doubt?: string } | Refusal;

/** Encodings that a file may be in when it is neither UTF-8, UTF-16 nor a text in a Western language. */
const others = [
  "windows-1251",
  "koi8-r",
  "windows-1250",
  "windows-1254",
  "macintosh",
  "shift_jis",
  "gb18030",
  "big5",
  "euc-kr",
];
/** With no more bytes that are no UTF-8 than this, the file is UTF-8 with damaged rows. */
const maxDamaged = 2;
/** With fewer sound characters of UTF-8 than one of this many others, the sound ones are an accident. */
const maxMixed = 10;

/** Recognises the encoding of the beginning of a file; `ended`: it is the whole file. */
export function sniffEncoding(lead: Buffer, ended: boolean): SniffedEncoding {
  const mark = lead.subarray(0, 4).toString("hex");
  if (mark.startsWith("efbbbf")) return { encoding: "utf-8", confidence: 1 };
  if (mark === "fffe0000" || mark === "0000feff") {
    return { refusal: "the file is in UTF-32, which cannot be read: save it as UTF-8", parameter: "encoding" };
  }
  if (mark.startsWith("fffe")) return { encoding: "utf-16le", confidence: 1 };
  if (mark.startsWith("feff")) return { encoding: "utf-16be", confidence: 1 };
  const wide = sniffUtf16(lead);
  if (wide) return { encoding: wide, confidence: 0.9, doubt: `half of the bytes are NUL: read as ${wide}` };
  const whole = ended ? lead : lead.subarray(0, lead.length - cutCharacter(lead));
  if (isUtf8(whole)) return { encoding: "utf-8", confidence: 1 };
  const text = new TextDecoder().decode(whole);
  const damaged = text.split("\ufffd").length - 1;
  const sound = [...text].filter((character) => character > "\x7f" && character !== "\ufffd").length;
  if (sound > damaged) {
    return { encoding: "utf-8", confidence: 0.8, doubt: "some bytes are no UTF-8: their rows are rejected" };
  }
  if (sound * maxMixed > damaged) {
    return {
      refusal:
        "the file has texts in UTF-8 and texts in another encoding: send encoding=utf-8, which rejects the rows with the others, or " +
        "the other encoding",
      parameter: "encoding",
    };
  }
  const western = new TextDecoder("windows-1252").decode(whole);
  const eastern = isEastern(western);
  if (isWestern(western) && !eastern) {
    const doubt = "the bytes are no UTF-8: read as windows-1252; encoding= names another one";
    return { encoding: "windows-1252", confidence: 0.8, doubt };
  }
  if (damaged <= maxDamaged && !eastern) {
    return { encoding: "utf-8", confidence: 0.5, doubt: "some bytes are no UTF-8: their rows are rejected" };
  }
  const readings = (eastern ? ["windows-1252", ...others] : others).flatMap((encoding) => {
    const word = wordIn(encoding, whole);
    return word === undefined ? [] : [`${encoding} (${word})`];
  });
  const may = readings.length === 0 ? "" : `; it may be in ${readings.join(", ")}`;
  return { refusal: `the file is not in UTF-8${may}: send encoding=`, parameter: "encoding" };
}

/** The bytes of a character that is cut off at the end. */
function cutCharacter(lead: Buffer): number {
  for (let back = 1; back <= Math.min(3, lead.length); back++) {
    const byte = lead[lead.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back;
  }
  return 0;
}

/** UTF-16 without a byte order mark, in which every other byte is mostly NUL. */
function sniffUtf16(lead: Buffer): string | undefined {
  const zeros = [0, 0];
  for (let at = 0; at < lead.length; at++) if (lead[at] === 0) zeros[at % 2]!++;
  const enough = lead.length / 4;
  if (zeros[1]! > enough && zeros[0]! * 8 < zeros[1]!) return "utf-16le";
  if (zeros[0]! > enough && zeros[1]! * 8 < zeros[0]!) return "utf-16be";
  return undefined;
}

/**
 * Whether a text that is read as a Western one is rather Turkish, Polish, Czech or Hungarian: it has letters of Icelandic only and no
 * others of it (Þeker for Şeker), digits between letters (Micha³ek for Michałek), letters that stand together in no Western language
 * (Nováèek for Nováček), or õ beside ö or ü (Gyõrött for Győrött).
 */
function isEastern(text: string): boolean {
  if (/[æå]/i.test(text)) return false;
  if (/[a-z][þðý]|[þðý][a-z]/i.test(text) && !/[áéíóú]/i.test(text)) return true;
  if (/(?<=[a-z])[¹³¾¼](?=[a-z])|ì(?=[a-z])|[áíý][èøìïò]|[èøìò][áíý]/i.test(text)) return true;
  return /õ/i.test(text) && /[öü]/i.test(text) && /[áíú]/i.test(text) && !/[ãç]/i.test(text);
}

/** Whether the letters above ASCII stand among others, as in a Western language, and the rest is punctuation. */
function isWestern(text: string): boolean {
  const high = text.match(/[^\0-\x7f]/g) ?? [];
  const letters = text.match(/(?<=[A-Za-z])[ß-öø-ÿšžœ]|(?<=[A-Z])[À-ÖØ-ÞŠŽŒŸ]|[À-ÖØ-öø-ÿŠšŽžŒœŸ](?=[A-Za-z])/g) ?? [];
  const marks = text.match(/[€‚„…‘’“”•–—™¡¿°ºª«»²³½¼¾£§©®·±µ×\u00a0]/g) ?? [];
  return letters.length > 0
    ? letters.length + marks.length >= high.length * 0.9 && !/[À-ÿ]{3}/.test(text)
    : marks.length === high.length;
}

/** A word with letters above ASCII, as it is in an encoding; undefined when the bytes are not in it. */
function wordIn(encoding: string, bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
    return /[\p{L}\p{M}]*[^\0-\x7f][\p{L}\p{M}]*/u.exec(text)?.[0].slice(0, 20);
  } catch {
    return undefined;
  }
}
