// Says everything that @rudderstack/rudder-sdk-node can say, and fails if any of it is not taken.
import { createRequire } from "node:module";

const [folder, url, key, packing] = process.argv.slice(2);
const found = createRequire(`${folder}/`)("@rudderstack/rudder-sdk-node");
const RudderAnalytics = found.default ?? found;
const errors = [];
const client = new RudderAnalytics(key, { dataPlaneUrl: url, gzip: packing === "gzip" });
let answered = 0;
const said = (error) => {
  answered += 1;
  if (error) errors.push(error);
};
const context = { campaign: { source: "news", medium: "email" }, ip: "192.0.2.1" };
const order = { order_id: "A1", revenue: 29.9, products: [{ product_id: "p1", quantity: 2 }] };
const userId = "cust-1";

client.identify({ userId, traits: { email: "cora@example.com", firstName: "Cora", role: "owner" } }, said);
client.track({ userId, event: "Order Completed", properties: order, context }, said);
client.page({ userId, name: "Prices", properties: { category: "Sales", path: "/prices" } }, said);
client.screen({ userId, name: "Basket", properties: { category: "Shop" } }, said);
client.group({ userId, groupId: "acme", traits: { name: "Acme Ltd" } }, said);
client.alias({ previousId: "visitor-1", userId }, said);
client.track({ anonymousId: "visitor-1", event: "Product Viewed", properties: { product_id: "p1" } }, said);
for (let number = 0; number < 230; number += 1) {
  client.track({ userId, event: "Product Added", properties: { product_id: `p${number}` } }, said);
}
while (answered < 237) {
  await client.flush();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
if (errors.length) {
  console.error("not taken:", errors);
  process.exit(1);
}
process.exit(0);
