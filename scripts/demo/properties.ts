import { must, type Visitor } from "./visitor.ts";

interface Listing {
  properties: { id: number }[];
}

/** Searches listings and likes one; a new like is removed again. */
export async function properties(anyone: Visitor, admin: Visitor): Promise<void> {
  await anyone.call("GET", "/properties?city=pereira", { expect: [401] });
  await admin.call("GET", "/properties?city=pereira&status=vendido&limit=3");
  await admin.call("GET", "/properties?city=atlantis", { expect: [404] });
  await admin.call("GET", "/properties?colour=red", { expect: [400] });
  const found = await admin.call("GET", "/properties?minPrice=100000000&sort=-price&limit=3");
  const property = found.json<Listing>().properties[0];
  must(property !== undefined, "there are listings");
  const path = `/properties/${property?.id}`;
  await admin.call("GET", path);

  const likes = async () => (await admin.call("GET", `${path}/likes`)).json<{ count: number }>().count;
  const before = await likes();
  await admin.call("PUT", `${path}/like`, { expect: [204] });
  const isNew = (await likes()) > before;
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    if (isNew) await admin.call("DELETE", `${path}/like`, { expect: [204] });
  });
  const liked = (await admin.call("GET", "/properties/liked")).json<Listing>().properties;
  must(!isNew || liked[0]?.id === property?.id, "the newest like comes first");
}
