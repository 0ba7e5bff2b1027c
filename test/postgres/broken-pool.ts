/** A pool whose connections break where a test says so: for tests of what is repeated. */

import type { PostgresClient, PostgresPool } from "../../src/journal/postgres/index.ts";

/** A statement that was asked for. */
export interface Asked {
  readonly text: string;
  readonly values: unknown[] | undefined;
}

/** Where a connection breaks, and what is seen of it. */
export interface Break {
  readonly isFatal: (text: string) => boolean;
  /** What others do before the statement is repeated. Default: nothing. */
  readonly meanwhile?: () => Promise<unknown>;
  /** Collects every statement. */
  readonly asked: Asked[];
}

/**
 * `pool`, whose connection breaks at the first statement that `isFatal` holds for: after it was done,
 * and before its answer comes. @internal
 */
export function breaking(pool: PostgresPool, { isFatal, meanwhile, asked }: Break): PostgresPool {
  let isBroken = false;
  return {
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      return around(client, async (text, values) => {
        asked.push({ text, values });
        const answer = await client.query(text, values);
        if (isBroken || !isFatal(text)) return answer;
        isBroken = true;
        await meanwhile?.();
        throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      });
    },
  };
}

function around(client: PostgresClient, query: PostgresClient["query"]): PostgresClient {
  return {
    query,
    release: (destroy) => client.release(destroy),
    on: (event, listener) => client.on(event, listener),
    off: (event, listener) => client.off(event, listener),
  };
}
