import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisAddress } from "@quintet/http";
import { AbstractConnector, type Cluster } from "ioredis";

/**
 * A class for the driver's option `Connector`: a connection beside `cluster` to one of its nodes, each time to the next of
 * those that the cluster's client knows.
 */
export function nodeConnector(cluster: Cluster, { nodes, tls }: RedisAddress) {
  let turn = Math.floor(Math.random() * 1000);
  return class extends AbstractConnector {
    constructor({ disconnectTimeout = 2000 }: { disconnectTimeout?: number }) {
      super(disconnectTimeout);
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      const known = cluster.nodes().map(({ options: { host = "", port = 0 } }) => ({ host, port }));
      const all = known.length > 0 ? known : nodes;
      const node = all[turn++ % all.length] as { host: string; port: number };
      const stream = tls ? connectTls(node) : connectTcp(node);
      stream.once("error", (error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return stream;
    }
  };
}
