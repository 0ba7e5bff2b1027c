/** What a request asks for, from its method and its URL alone. */

import type { StoreMethod } from "./object-store-options.ts";

/** Something about objects, something about the store, or nothing that exists. */
export type Route =
  | { readonly to: "object" | "objects"; readonly method: StoreMethod; readonly name: string }
  | { readonly to: "health" | "ledger" | "faults" }
  | { readonly to: "nothing"; readonly status: 400 | 404 | 405; readonly problem: string };

const OBJECTS = "/objects/";

/** A file's name may have 255 bytes, of which the store takes one. */
const LONGEST_NAME = 254;

/** Reads a route. Never throws. */
export function routeOf(method: string, url: string): Route {
  const [path = "", query = ""] = url.split("?", 2);
  if (path === "/health" || path === "/ledger" || path === "/faults") {
    if (method !== "GET") return { to: "nothing", status: 405, problem: `no ${method} here` };
    return { to: path.slice(1) as "health" };
  }
  if (!path.startsWith(OBJECTS)) return { to: "nothing", status: 404, problem: `no ${path} here` };
  if (path === OBJECTS && method === "GET") {
    const prefix = new URLSearchParams(query).get("prefix") ?? "";
    return { to: "objects", method: "LIST", name: prefix };
  }
  return objectRoute(method, path.slice(OBJECTS.length));
}

function objectRoute(method: string, encoded: string): Route {
  if (method !== "PUT" && method !== "GET" && method !== "HEAD" && method !== "DELETE") {
    return { to: "nothing", status: 405, problem: `no ${method} for objects` };
  }
  const name = findName(encoded);
  if (name === undefined) return { to: "nothing", status: 400, problem: "not a name of an object" };
  return { to: "object", method, name };
}

/** A name is made of parts between slashes, none of them empty, "." or "..". */
function findName(encoded: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    return undefined; // A percent sign that is not followed by UTF-8.
  }
  const isName = name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  const fits = encodeURIComponent(name).length <= LONGEST_NAME;
  return isName && fits && !name.includes("\0") ? name : undefined;
}
