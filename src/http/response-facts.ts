/** What a response says of itself, and its constructor does not take. */

/** Facts of a response. */
export type ResponseFacts = Partial<
  Pick<Response, "status" | "ok" | "url" | "type" | "redirected">
>;

/** The same response, which says these of itself, as do its clones. */
export function withFacts(response: Response, facts: ResponseFacts): Response {
  const clone = (): Response => withFacts(Response.prototype.clone.call(response), facts);
  const entries = Object.entries({ ...facts, clone }).map(
    ([name, value]) => [name, { value, configurable: true }] as const,
  );
  return Object.defineProperties(response, Object.fromEntries(entries));
}
