import { promisify } from "node:util";
import { crc32, inflateRaw, zstdDecompress } from "node:zlib";
import { uncompress } from "snappyjs";
import { ByteSource, DamagedFile, IncompatibleFile } from "./byte-source.ts";
import { magic, syncLength } from "./container-format.ts";

const maxBlockBytes = 64 * 1024 * 1024;
const maxMetadataBytes = 1024 * 1024;
/** The supported Avro codecs; `bzip2` and `xz` would each need a library. */
const codecs = {
  null: async (data: Buffer, _limits: object) => data,
  deflate: promisify(inflateRaw),
  zstandard: promisify(zstdDecompress),
  snappy: async (data: Buffer, _limits: object) => unsnap(data),
} as const;

/** A block of `snappy` ends with the CRC-32 of its bytes before compression. */
function unsnap(data: Buffer): Buffer {
  const plain = uncompress(data.subarray(0, -4), maxBlockBytes);
  if (data.length < 4 || crc32(plain) !== data.readUInt32BE(data.length - 4)) throw new Error("The CRC-32 is wrong.");
  return plain;
}
type Codec = keyof typeof codecs;

/** One block of a container file: `rows` rows, encoded one after the other. */
export interface Block {
  rows: number;
  data: Buffer;
}

/** An open Avro object container file: its schema and its blocks in order. */
export interface Container {
  schema: string;
  blocks(): AsyncGenerator<Block>;
}

/**
 * Reads a container file (Avro 1.11) with one block in memory. Throws `DamagedFile`, and `IncompatibleFile` for an unsupported codec or
 * a block that is too large.
 */
export async function openContainer(chunks: AsyncIterable<Buffer>): Promise<Container> {
  const source = new ByteSource(chunks);
  if (!(await source.take(magic.length)).equals(magic))
    throw new DamagedFile("The file is not an Avro object container file.");
  const metadata = await readMetadata(source);
  const sync = Buffer.from(await source.take(syncLength));
  const codec = metadata.get("avro.codec")?.toString() ?? "null";
  if (!isCodec(codec))
    throw new IncompatibleFile(`its codec ${codec} is not supported; supported are ${Object.keys(codecs).join(", ")}`);
  return {
    schema: metadata.get("avro.schema")?.toString() ?? "",
    async *blocks() {
      while (!(await source.atEnd())) {
        const rows = await source.takeLong();
        const size = await source.takeLong();
        if (rows < 0 || size < 0) throw new DamagedFile("A block has an invalid size.");
        if (size > maxBlockBytes) throw tooLarge();
        const data = await decompress(codec, await source.take(size));
        if (!(await source.take(syncLength)).equals(sync))
          throw new DamagedFile("A block does not end with the sync marker.");
        yield { rows, data };
      }
    },
  };
}

/** Reads the metadata: blocks of entries, the last with a count of 0; a negative count is followed by the size in bytes. */
async function readMetadata(source: ByteSource): Promise<Map<string, Buffer>> {
  const entries = new Map<string, Buffer>();
  let bytes = 0;
  const takeBytes = async () => {
    const length = await source.takeLong();
    bytes += length;
    if (length < 0 || bytes > maxMetadataBytes) throw new DamagedFile("The metadata has an invalid size.");
    return Buffer.from(await source.take(length));
  };
  for (let count = await source.takeLong(); count !== 0; count = await source.takeLong()) {
    if (count < 0) await source.takeLong();
    for (let left = Math.abs(count); left > 0; left--) {
      const key = (await takeBytes()).toString();
      entries.set(key, await takeBytes());
    }
  }
  return entries;
}

function isCodec(name: string): name is Codec {
  return Object.hasOwn(codecs, name);
}

async function decompress(codec: Codec, data: Buffer): Promise<Buffer> {
  try {
    return await codecs[codec](data, { maxOutputLength: maxBlockBytes });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    throw new DamagedFile("A block cannot be decompressed.", { cause: error });
  }
}

function tooLarge(): IncompatibleFile {
  return new IncompatibleFile(`it has a block of more than ${maxBlockBytes} bytes`);
}
