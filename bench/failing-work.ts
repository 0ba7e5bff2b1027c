/** Work that fails twice before it succeeds, for all that tries again. */

/** What is done by each attempt, counted from 1. */
export type NumberedWork = (given: { readonly attempt: number }) => Promise<number>;

/** A new error each time, as in life; most of it is the stack. */
export const failTwice: NumberedWork = async ({ attempt }) => {
  if (attempt <= 2) throw refused();
  return attempt;
};

const ready = refused();

/** The same error each time, so that what is left is the policy. */
export const failTwiceByReady: NumberedWork = async ({ attempt }) => {
  if (attempt <= 2) throw ready;
  return attempt;
};

/** The same for what does not count its attempts. */
export function counting(work: NumberedWork): () => Promise<number> {
  let attempt = 0;
  return () => {
    attempt++;
    return work({ attempt });
  };
}

function refused(): Error {
  return Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
}
