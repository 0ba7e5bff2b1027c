/** What heals by code, what is classified, and what is explained: one language. */

import { expect, test } from "vitest";
import { remedyFromText } from "../heal/by-name.ts";
import * as codes from "../heal/codes.ts";
import { NAMED } from "../heal/names.ts";
import { causeOf, CAUSED_CODES, faultOfCode } from "./known-codes.ts";

test.for(Object.entries(codes))("%s: a classifier gives each of them", ([, list]) => {
  expect(list.filter((code) => faultOfCode(code) === undefined)).toEqual([]);
});

test("the remedy that is named for a code is made for it", () => {
  const named = CAUSED_CODES.flatMap((code) => {
    const fault = faultOfCode(code);
    const remedy = causeOf(code)?.remedy;
    return fault === undefined || remedy === undefined ? [] : [{ fault, remedy }];
  });
  const unfit = named.filter(
    ({ fault, remedy }) => !remedyFromText(NAMED[remedy].example).fits({ error: fault, fault }),
  );

  expect(unfit).toEqual([]);
  expect(named.length).toBeGreaterThan(30);
});
