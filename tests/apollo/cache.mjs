// Writes an answer into an InMemoryCache and reads the same query back, as a client that renders it would. stdin: the code that makes
// `cache`, possibleTypes, and the query with its variables and data; stdout: what was read; null where the cache misses something.
import { readFileSync } from "node:fs";
import { InMemoryCache } from "@apollo/client/cache";
import { parse } from "graphql";

const { code, possibleTypes, query, variables, data } = JSON.parse(readFileSync(0, "utf8"));
const cache = new Function("InMemoryCache", "possibleTypes", `${code}; return cache`)(InMemoryCache, possibleTypes);
const asked = { query: parse(query), variables };
cache.writeQuery({ ...asked, data });
process.stdout.write(JSON.stringify(cache.readQuery(asked)));
