import { type JointRequest, jointRequest } from "@quintet/http";

/** A run and the requests that wait for it. */
interface Flight<T> {
  result: Promise<T>;
  joint: JointRequest;
}

/**
 * Shares runs between callers: each gets the result of a run that started after its call, and at most one run is in flight.
 * A result therefore reflects everything that happened before the call.
 */
export function singleFlight<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let following: Flight<T> | undefined;
  const start = (joint: JointRequest) => {
    const started = joint.run(run).finally(() => {
      if (running === started) running = undefined;
    });
    running = started;
    return started;
  };
  return () => {
    if (following && !following.joint.gone) {
      following.joint.join();
      return following.result;
    }
    const joint = jointRequest();
    joint.join();
    if (!running) return start(joint);
    const next: Flight<T> = {
      joint,
      result: running
        .catch(() => {})
        .then(() => {
          if (following === next) following = undefined;
          return start(joint);
        }),
    };
    following = next;
    return next.result;
  };
}
