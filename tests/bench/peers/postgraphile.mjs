// PostGraphile 5 on the schema peer, in its default (Amber) preset, in production, without GraphiQL.
// The database's address, PORT and OPSC_POOL_SIZE come by the environment.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import pg from "pg";

const { DATABASE_HOST, DATABASE_PORT, DATABASE_USER, DATABASE_PASSWORD, DATABASE_NAME, OPSC_POOL_SIZE, PORT } = process.env;
const pool = new pg.Pool({
  host: DATABASE_HOST,
  port: Number(DATABASE_PORT),
  user: DATABASE_USER,
  password: DATABASE_PASSWORD,
  database: DATABASE_NAME,
  max: Number(OPSC_POOL_SIZE),
  idleTimeoutMillis: 0,
  options: "-c jit=off -c TimeZone=UTC -c plan_cache_mode=force_generic_plan",
});

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ["peer"] })],
  grafast: { explain: false },
  grafserv: { graphiql: false, watch: false, graphqlPath: "/graphql" },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(PORT), "127.0.0.1");
