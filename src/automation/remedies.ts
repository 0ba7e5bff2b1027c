/** Reads the option `heal`. */

import { REMEDY_METHODS, type Remedy } from "../core/remedy.ts";
import {
  flag,
  group,
  integer,
  list,
  number,
  part,
  required,
  text,
  type Reader,
} from "../core/options.ts";

const word = text({ default: undefined });

/** What a remedy of one's own says of itself: what bounds it must be there, and be a bound. */
const FACTS = {
  name: required(word, "a name"),
  target: required(word, "what it acts on"),
  blastRadius: required(word, "the most that it may do"),
  advice: word,
  budget: group({
    times: required(integer({ min: 1, default: undefined }), "a number of times"),
    withinMs: required(number({ min: 1, max: Infinity, default: undefined }), "milliseconds"),
  }),
  coolDownMs: required(number({ min: 0, max: Infinity, default: undefined }), "milliseconds"),
  limitMs: required(
    number({ min: 1, max: Number.MAX_SAFE_INTEGER, default: undefined }),
    "milliseconds",
  ),
  isExclusive: required(flag({ default: undefined }), "true or false"),
} satisfies Partial<Record<keyof Remedy, Reader<unknown>>>;

const methods = required(
  part<Remedy, undefined>({ methods: REMEDY_METHODS, default: undefined }),
  "a remedy",
);

const remedy: Reader<Remedy> = (value, path) => {
  const given = methods(value, path);
  for (const [name, read] of Object.entries(FACTS)) {
    read(given[name as keyof typeof FACTS], `${path}.${name}`);
  }
  return given;
};

/** Remedies, in the order in which they are asked. Default: none. */
export const readRemedies: Reader<readonly Remedy[]> = list(remedy, { default: [] });
