// Mercurius on Fastify, compiled by graphql-jit from the first request on, with its loaders and named prepared statements.
// DATABASE_URL, PORT and OPSC_POOL_SIZE come by the environment.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => text); // JavaScript's Date would cut microseconds
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

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

const rows = async (name, text, ...values) => (await pool.query({ name, text, values })).rows;

const schema = `
  enum MeasureOrder { STATE_PARTY_ASC DATE_DESC }
  enum CoverageDimension { REGION }
  type Query {
    stateParty(code: String!): StateParty
    stateParties(first: Int!): StatePartyConnection!
    measures(first: Int!, after: String, orderBy: [MeasureOrder!]!): MeasureConnection!
    coverageSummary(by: [CoverageDimension!]!): [CoverageGroup!]!
  }
  type StateParty {
    id: ID! code: String! name: String! region: String! consentOn: String!
    measures(first: Int!): MeasureConnection!
  }
  type Measure {
    id: ID! title: String! kind: String! status: String inForceOn: String
    stateParty: StateParty! recommendations: [Recommendation!]! revisions(last: Int!): RevisionConnection!
  }
  type Recommendation { code: String! title: String! }
  type Revision { position: Int! number: Int! recordedAt: String! author: String! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type StatePartyConnection { nodes: [StateParty!]! }
  type MeasureConnection { nodes: [Measure!]! pageInfo: PageInfo! }
  type RevisionConnection { nodes: [Revision!]! }
  type CoverageGroup { key: [String!]! label: [String!]! total: Int! counts: [CoverageCount!]! }
  type CoverageCount { state: String! count: Int! }
`;

const STATE = `code as id, code, name, region, consent_on as "consentOn"`;
const MEASURE = `id, title, kind, status, in_force_on as "inForceOn", state_party_code as "statePartyCode",
  dated_earliest as "datedEarliest", dated_latest as "datedLatest"`;
const MEASURES = {
  STATE_PARTY_ASC: { beyond: "true", by: "state_party_code, id" },
  DATE_DESC: {
    beyond: `(dated_earliest, dated_latest) <= ($2::date, $3::date)
      and ((dated_earliest, dated_latest) < ($2::date, $3::date) or id > $4)`,
    by: "dated_earliest desc, dated_latest desc, id",
  },
};

const cursor = (measure) =>
  Buffer.from(JSON.stringify([measure.datedEarliest, measure.datedLatest, measure.id])).toString("base64");

const resolvers = {
  Query: {
    stateParty: async (_, { code }) =>
      (await rows("state", `select ${STATE} from peer.state_party where code = $1`, code))[0],
    stateParties: async (_, { first }) => ({
      nodes: await rows("states", `select ${STATE} from peer.state_party order by code limit $1`, first),
    }),
    measures: async (_, { first, after, orderBy: [order] }) => {
      const { beyond, by } = MEASURES[order];
      const where = after ? `where ${beyond}` : "";
      const key = after ? JSON.parse(Buffer.from(after, "base64").toString()) : [];
      const found = await rows(
        `measures ${order} ${Boolean(after)}`,
        `select ${MEASURE} from peer.measure ${where} order by ${by} limit $1`,
        first + 1,
        ...key,
      );
      const hasNextPage = found.length > first;
      if (hasNextPage) found.pop();
      return { nodes: found, pageInfo: { hasNextPage, endCursor: found.length ? cursor(found.at(-1)) : null } };
    },
    coverageSummary: async () => {
      const found = await rows(
        "coverage",
        `select s.region, c.state, count(*) as count
         from peer.coverage c join peer.state_party s on s.code = c.state_party_code
         group by s.region, c.state order by s.region, c.state`,
      );
      return [...Map.groupBy(found, (row) => row.region)].map(([region, counts]) => ({
        key: [region],
        label: [region],
        total: counts.reduce((sum, row) => sum + row.count, 0),
        counts,
      }));
    },
  },
};

// Without their cache: keys come once a request, or cost less to ask twice than to remember.
const loader = (load) => ({ loader: load, opts: { cache: false } });

const loaders = {
  StateParty: {
    measures: loader(async (queries) => {
      const found = await rows(
        "measures of states",
        `select m.* from unnest($1::text[]) as s(code) cross join lateral (
           select ${MEASURE} from peer.measure where state_party_code = s.code order by id limit $2
         ) m`,
        queries.map(({ obj }) => obj.code),
        Math.max(...queries.map(({ params }) => params.first)),
      );
      const byState = Map.groupBy(found, (row) => row.statePartyCode);
      return queries.map(({ obj, params }) => ({ nodes: (byState.get(obj.code) ?? []).slice(0, params.first) }));
    }),
  },
  Measure: {
    stateParty: loader(async (queries) => {
      const codes = [...new Set(queries.map(({ obj }) => obj.statePartyCode))];
      const found = await rows("states by code", `select ${STATE} from peer.state_party where code = any($1)`, codes);
      const byCode = new Map(found.map((row) => [row.code, row]));
      return queries.map(({ obj }) => byCode.get(obj.statePartyCode));
    }),
    recommendations: loader(async (queries) => {
      const found = await rows(
        "recommendations",
        `select mr.measure_id, r.code, r.title
         from peer.measure_recommendation mr join peer.recommendation r on r.code = mr.recommendation_code
         where mr.measure_id = any($1) order by r.code`,
        queries.map(({ obj }) => obj.id),
      );
      const byMeasure = Map.groupBy(found, (row) => row.measure_id);
      return queries.map(({ obj }) => byMeasure.get(obj.id) ?? []);
    }),
    revisions: loader(async (queries) => {
      const found = await rows(
        "revisions",
        `select r.* from unnest($1::text[]) as m(id) cross join lateral (
           select measure_id, position, number, recorded_at as "recordedAt", author
           from peer.revision where measure_id = m.id order by number desc limit $2
         ) r`,
        queries.map(({ obj }) => obj.id),
        Math.max(...queries.map(({ params }) => params.last)),
      );
      const byMeasure = Map.groupBy(found, (row) => row.measure_id);
      return queries.map(({ obj, params }) => ({ nodes: (byMeasure.get(obj.id) ?? []).slice(0, params.last).reverse() }));
    }),
  },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, loaders, jit: 1, graphiql: false });
await app.listen({ host: "127.0.0.1", port: Number(PORT) });
