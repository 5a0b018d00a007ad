import { expect, it } from "vitest";
import { currentRequest, inRequest } from "./current-request.ts";
import { jointRequest } from "./joint-request.ts";
import { RequestRecord } from "./request-record.ts";

const request = () => new RequestRecord(undefined, undefined);

it("is gone when the clients of all who joined are", () => {
  const [one, two] = [request(), request()];
  const joint = jointRequest();
  inRequest(one, joint.join);
  inRequest(two, joint.join);
  let stopped = 0;
  joint.run(() => {
    expect(currentRequest()?.id).toBe(one.id);
    currentRequest()?.whenClientGone(() => stopped++);
    currentRequest()?.whenClientGone(() => stopped++)();
  });
  one.clientGone();
  expect([stopped, joint.gone]).toEqual([0, false]);
  two.clientGone();
  expect([stopped, joint.gone]).toEqual([1, true]);
  joint.run(() => currentRequest()?.whenClientGone(() => stopped++));
  expect(stopped).toBe(2);
});

it("never is while the process itself waits", () => {
  const one = request();
  const joint = jointRequest();
  inRequest(one, joint.join);
  joint.join();
  one.clientGone();
  expect(joint.gone).toBe(false);
  const own = jointRequest();
  own.join();
  own.run(() => expect(currentRequest()).toBeUndefined());
});
