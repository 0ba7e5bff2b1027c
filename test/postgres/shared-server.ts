/** The test run's own Postgres server, as test files use it. */

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { whyNoServer } from "./server.ts";

/** Why the tests with a server are skipped, or `undefined`. */
export const SKIPPED = whyNoServer();
if (SKIPPED !== undefined) process.stderr.write(`Skipped: ${SKIPPED}\n`);

let schemas = 0;

/** A name that no other test has. */
export function freshSchema(): string {
  return `t${process.pid}_${++schemas}`;
}

/** The address of the server that this test run shares. It is started when the first asks. */
export async function serverUrl(): Promise<string> {
  const answer = JSON.parse(await text(connect(inject("postgresBroker"), "127.0.0.1"))) as {
    readonly url?: string;
    readonly error?: string;
  };
  if (answer.url === undefined) throw new Error(answer.error);
  return answer.url;
}

/** Connections that are closed when the file's tests have ended. */
export function poolOf(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...options });
  afterAll(() => (pool.ended ? undefined : pool.end()));
  return pool;
}
