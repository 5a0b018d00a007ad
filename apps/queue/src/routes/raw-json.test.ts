import { expect, it } from "vitest";
import { rawElements, rawMember } from "./raw-json.ts";

it("finds the elements of an array as they were written", () => {
  expect(rawElements("[]")).toEqual([]);
  expect(rawElements(" [ ] ")).toEqual([]);
  const texts = ["1e400", '"a,]\\"\\\\"', "[ 1 ,[2], {}]", '{"x":"}]", "y":[{}]}', "null", "-0.0", '"\\\\"'];
  expect(rawElements(`[${texts.join(",")}]`)).toEqual(texts);
  expect(rawElements(`\n[ ${texts.join(" ,\t")}\r\n]`)).toEqual(texts);
});

it("finds the member of an object as it was written, the last of its name", () => {
  const object = '{ "a":1, "body" : 2.50 , "b":{"body":3}, "\\u0062ody": {"body" : [ 4 ] } , "__proto__": 5}';
  expect(rawMember(object, "body")).toBe('{"body" : [ 4 ] }');
  expect(rawMember(object, "a")).toBe("1");
  expect(rawMember(object, "__proto__")).toBe("5");
  expect(rawMember(object, "c")).toBeUndefined();
  expect(rawMember("{}", "a")).toBeUndefined();
  expect(rawMember('{"a":"\\"}"}', "a")).toBe('"\\"}"');
});

it("agrees with JSON.parse", () => {
  const value = { messages: [{ body: { a: [1, "\\", '"', "]}"] } }, { body: [[], {}] }], rest: "x" };
  for (const space of [0, 2]) {
    const text = JSON.stringify(value, null, space);
    const elements = rawElements(rawMember(text, "messages") ?? "");
    expect(elements.map((element) => JSON.parse(rawMember(element, "body") ?? ""))).toEqual([
      { a: [1, "\\", '"', "]}"] },
      [[], {}],
    ]);
  }
});

it("takes time in proportion to the text", () => {
  const text = `{"body":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  expect(rawMember(text, "body")).toHaveLength(400_000);
});
