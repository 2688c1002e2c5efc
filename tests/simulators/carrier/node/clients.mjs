// EasyPost's own Node client against the simulator: node clients.mjs URL KEY WEBHOOK.json
import EasyPost from "@easypost/api";
import { readFileSync } from "node:fs";

const [url, key, file] = process.argv.slice(2);
const client = new EasyPost(key, { baseUrl: `${url}/v2/` });
const address = {
  name: "Elizabeth Swan", street1: "179 N Harbor Dr", city: "Redondo Beach",
  state: "CA", zip: "90277", country: "US",
};
const refused = async (call) => {
  try {
    await call();
    return null;
  } catch (error) {
    return { status: error.statusCode, code: error.code };
  }
};

const seen = {};
const made = await client.Shipment.create({
  to_address: address, from_address: address, parcel: { weight: 16 }, reference: "N1",
});
const rate = made.lowestRate();
const bought = await client.Shipment.buy(made.id, rate);
seen.price = bought.selected_rate.rate;
seen.trackingCode = bought.tracking_code;
seen.again = await refused(() => client.Shipment.buy(made.id, rate));
seen.label = (await client.Shipment.convertLabelFormat(made.id, "ZPL")).postage_label.label_zpl_url;
seen.tracker = (await client.Tracker.retrieve(bought.tracker.id)).status;
const other = await client.Shipment.create({
  to_address: address, from_address: address, parcel: { weight: 20 },
});
await client.Shipment.buy(other.id, other.rates[0].id);
const page = await client.Shipment.all({ page_size: 1 });
const next = await client.Shipment.getNextPage(page, 1);
seen.pages = [page.shipments[0].id, next.shipments[0].id];
seen.ids = [other.id, made.id];
seen.refund = (await client.Shipment.refund(other.id)).refund_status;
seen.stranger = await refused(() =>
  new EasyPost("EZAKnone", { baseUrl: `${url}/v2/` }).Shipment.retrieve(made.id));
const { genuine, secret } = JSON.parse(readFileSync(file, "utf8"));
const check = (value) => {
  try {
    return client.Utils.validateWebhook(Buffer.from(genuine.body), genuine.headers, value).description;
  } catch (error) {
    return error.message;
  }
};
seen.genuine = check(secret);
seen.wrongSecret = check("another");
console.log(JSON.stringify(seen));
