/** The classifier as an option of a policy. */

import { faultOf, guarded, type Classify } from "../classify/classify.ts";
import { callable, type Reader } from "../core/options.ts";

const readFunction = callable<Classify, undefined>({ default: undefined });

/** Reads a classifier, from now on one that never throws and always answers a fault; else `faultOf`. */
export const readClassify: Reader<Classify> = (value, path) => {
  const classify = readFunction(value, path);
  return classify === undefined ? faultOf : guarded(classify);
};
