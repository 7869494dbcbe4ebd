// Follows a subscription as graphql-sse's users do, over connections that break. stdin: a line of JSON: url, query, variables, how
// many results to wait for; stdout: each result, or error, as a line of JSON.
import { createInterface } from "node:readline";
import { createClient } from "graphql-sse";

const write = (told) => process.stdout.write(JSON.stringify(told) + "\n");
const { url, query, variables, wanted } = JSON.parse(await new Promise((told) => createInterface(process.stdin).once("line", told)));
const client = createClient({ url, retry: async () => {}, on: { connected: () => write("connected") } });
let told = 0;
try {
  for await (const result of client.iterate({ query, variables })) {
    write(result);
    if (++told === wanted) break;
  }
} catch (error) {
  write({ error: error.message });
}
client.dispose();
process.exit(0);
