// Uses the official Node clients, unmodified; prints what they saw as JSON.
// Started by test_clients.py: node clients.mjs HOST:PORT TOKEN WEBHOOK.json
import { readFileSync } from "node:fs";
import { createAdminApiClient } from "@shopify/admin-api-client";
import "@shopify/shopify-api/adapters/node";
import { shopifyApi, Session, LogSeverity } from "@shopify/shopify-api";

const [host, token, webhookFile] = process.argv.slice(2);
const seen = {};

const client = createAdminApiClient({
  storeDomain: host,
  apiVersion: "2026-10",
  accessToken: token,
});
const named = await client.request("query($n: Int!) { products(first: $n) { nodes { title } } }", {
  variables: { n: 2 },
});
seen.adminClient = named.data.products.nodes.map((node) => node.title);
seen.adminErrors = named.errors ?? null;
const refused = await client.request("{ shop { nothing } }");
seen.adminRefused = refused.errors?.graphQLErrors?.[0]?.message ?? null;

const api = shopifyApi({
  apiKey: "client-1",
  apiSecretKey: "hush",
  scopes: ["read_products"],
  hostName: "app.example.com",
  hostScheme: "https",
  apiVersion: "2026-10",
  isEmbeddedApp: false,
  logger: { level: LogSeverity.Error },
});
const session = new Session({ id: "s", shop: host, state: "", isOnline: false, accessToken: token });
const graphql = new api.clients.Graphql({ session });
const shop = await graphql.request("{ shop { name plan { publicDisplayName } } }");
seen.graphql = shop.data.shop;
const rest = new api.clients.Rest({ session });
const page = await rest.get({ path: "orders", query: { limit: "1" } });
seen.rest = page.body.orders.map((order) => order.name);
const next = await rest.get(page.pageInfo.nextPage);
seen.restNext = next.body.orders.map((order) => order.name);

const webhook = JSON.parse(readFileSync(webhookFile, "utf8"));
async function verdict(entry) {
  const found = await api.webhooks.validate({
    rawBody: entry.body,
    rawRequest: { method: "POST", url: "/hook", headers: entry.headers },
  });
  return found.valid ? "valid" : found.reason;
}
seen.genuine = await verdict(webhook.genuine);
seen.forged = await verdict(webhook.forged);
console.log(JSON.stringify(seen));
