import avsc from "avsc";

/** The first bytes of an Avro object container file, version 1. */
export const magic = Buffer.from("Obj\x01");
export const syncLength = 16;
export const metadataType = avsc.Type.forSchema({ type: "map", values: "bytes" });

/** An integer as an Avro `long`: zigzag, seven bits per byte. */
export function encodeLong(value: number): Buffer {
  return avsc.Type.forSchema("long").toBuffer(value);
}
