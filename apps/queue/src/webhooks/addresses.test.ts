import { expect, it } from "vitest";
import { isPublicAddress, urlFault } from "./addresses.ts";

it.each([
  "127.0.0.1",
  "127.255.0.1",
  "0.0.0.0",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "192.0.2.1",
  "198.18.0.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::ffff:a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::1",
  "2002:7f00:1::1",
  "2001::1",
  "2001:db8::1",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "fc00::1",
  "fd00:ec2::254",
  "ff02::1",
  "4000::1",
  "not an address",
])("%s is not public", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each(["8.8.8.8", "1.1.1.1", "2606:4700::1111"])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

it.each([
  ["http://127.0.0.1/", /public/],
  ["http://127.1/", /public/],
  ["http://2130706433/", /public/],
  ["http://0x7f.0.0.1/", /public/],
  ["http://0177.0.0.1/", /public/],
  ["http://[::1]/", /public/],
  ["http://[::ffff:127.0.0.1]/", /public/],
  ["http://localhost/", /public/],
  ["http://LOCALHOST./", /public/],
  ["http://metadata.google.internal/", /public/],
  ["https://example.com:22/", /port 22/],
  ["https://example.com:6667/", /port 6667/],
  ["ftp://example.com/", /http/],
  ["file:///etc/passwd", /http/],
  ["https://user:secret@example.com/", /user name/],
  ["https://example.com/#x", /fragment/],
  ["/hook", /absolute/],
  ["", /absolute/],
])("the URL %s is rejected", (url, why) => {
  expect(urlFault(url, false)).toMatch(why);
});

it("other URLs are accepted, and private ones where they are allowed", () => {
  for (const url of ["https://example.com/", "http://example.com:8080/x?y=1", "https://8.8.8.8/"]) {
    expect(urlFault(url, false)).toBeUndefined();
  }
  expect(urlFault("http://127.0.0.1:22/", true)).toBeUndefined();
  expect(urlFault("ftp://127.0.0.1/", true)).toMatch(/http/);
});
