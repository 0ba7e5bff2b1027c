/** What policies do over the browser's own `fetch`: run in a page, and in a worker. */

/**
 * Answers what came of each call, as plain data.
 *
 * @param {typeof import("holdfast")} holdfast
 * @param {string} who Stands in the paths, so that the server tells page and worker apart.
 */
export async function scenario(holdfast, who) {
  const { breaker, constant, expectOk, faultOf, pipeline, retry, timeout } = holdfast;
  const patient = pipeline(
    retry({ attempts: 3, backoff: constant(5) }),
    breaker("store", { failures: 10 }),
    timeout("20s"),
  );
  // Long enough for the request to reach the server first.
  const hasty = timeout("1s");
  const fragile = breaker("fragile", { failures: 1 });
  /**
   * Counted here: a browser repeats by itself what it lost on a connection that it had kept.
   *
   * @type {Record<string, number>}
   */
  const attempts = {};

  /**
   * @param {import("holdfast").Policy} policy
   * @param {string} path
   * @param {AbortSignal} [signal]
   */
  const load = (policy, path, signal) =>
    policy.run(
      async (attempt) => {
        attempts[path] = (attempts[path] ?? 0) + 1;
        const response = await fetch(`/${path}/${who}`, { signal: attempt.signal });
        return expectOk(response).text();
      },
      { signal },
    );

  const caller = new AbortController();
  const abandoned = load(patient, "abandoned", caller.signal).catch((reason) => reason);
  const recovered = await load(patient, "busy-once");
  const limited = await load(hasty, "hang").catch((error) => error.code);
  caller.abort("enough");
  const [reset, cut, missing] = await Promise.all(
    ["reset", "cut", "missing"].map((path) => load(patient, path).catch(faultOf)),
  );
  await load(fragile, "down").catch(() => undefined);
  const refused = await load(fragile, "down").catch((error) => error.code);
  const ends = { recovered, limited, abandoned: await abandoned, reset, cut, missing, refused };
  return { ends, attempts };
}
