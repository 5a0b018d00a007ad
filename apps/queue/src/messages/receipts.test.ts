import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { deliveryOf, newLease, receiptOf } from "./receipts.ts";

it("a receipt identifies one delivery", () => {
  const delivery = { id: randomUUID(), lease: newLease() };
  expect(deliveryOf(receiptOf(delivery))).toEqual(delivery);
  expect(newLease()).not.toBe(newLease());
});

it("an invalid receipt identifies none", () => {
  const receipt = receiptOf({ id: randomUUID(), lease: newLease() });
  for (const text of ["", "x", receipt.slice(1), `${receipt}A`, receipt.replace(/.$/, "\0"), receipt.toUpperCase()]) {
    expect(deliveryOf(text)).toEqual({ id: "", lease: "" });
  }
});
