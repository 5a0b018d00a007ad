import { Problem } from "@quintet/http";
import type { Sharp } from "sharp";

/** The widths, in pixels, in which an image is kept; never wider than it is. */
const widths = [320, 960, 1920];
const maxHeight = 8000;
const maxPixels = 40_000_000;
const formats = new Set(["jpeg", "png", "webp"]);

export interface ResizedImage {
  /** In pixels, of the largest file. */
  width: number;
  height: number;
  files: { width: number; content: Buffer }[];
}

/** How many images a process decodes at a time: one of 40 megapixels takes 160 MB. */
const maxDecoded = 2;
let decoded = 0;
const waiting: (() => void)[] = [];

/**
 * Reads an uploaded file and makes WebP files of it in a few widths: turned upright as its EXIF data says, and without any of that, which
 * may have the place where it was taken. What it is decides its content, not its name or media type. Throws 422 for anything but one still
 * JPEG, PNG or WebP image of at most 40 megapixels. libvips decodes in threads of its own.
 */
export async function resizeImage(file: Buffer): Promise<ResizedImage> {
  if (decoded >= maxDecoded) await new Promise<void>((resolve) => waiting.push(resolve));
  decoded++;
  try {
    return await resize(file);
  } finally {
    decoded--;
    waiting.shift()?.();
  }
}

async function resize(file: Buffer): Promise<ResizedImage> {
  const { default: sharp } = await import("sharp");
  const open = (): Sharp => sharp(file, { limitInputPixels: maxPixels, failOn: "error" });
  const { format, pages = 1, autoOrient } = await readable(() => open().metadata());
  if (!formats.has(format)) throw invalid("must be a JPEG, PNG or WebP image");
  if (pages > 1) throw invalid("must be a still image");
  const files: ResizedImage["files"] = [];
  let size = { width: 0, height: 0 };
  for (const width of new Set(widths.map((one) => Math.min(one, autoOrient.width)))) {
    const bounds = { width, height: maxHeight, fit: "inside" as const, withoutEnlargement: true };
    const { data, info } = await readable(() =>
      open().autoOrient().resize(bounds).webp({ quality: 80 }).toBuffer({ resolveWithObject: true }),
    );
    if (info.width === size.width) break;
    size = { width: info.width, height: info.height };
    files.push({ width: info.width, content: data });
  }
  return { ...size, files };
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isLarge = /pixel limit/i.test(String(error));
    throw invalid(isLarge ? "must have at most 40 megapixels" : "is no image, or a damaged one");
  }
}

function invalid(message: string): Problem {
  return new Problem("unprocessable", `file: ${message}`, { errors: [{ path: "file", message }] });
}
