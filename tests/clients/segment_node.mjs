// Says everything that @segment/analytics-node can say, and fails if any of it is not taken.
import { createRequire } from "node:module";

const [folder, url, key] = process.argv.slice(2);
const { Analytics } = createRequire(`${folder}/`)("@segment/analytics-node");
const errors = [];
const client = new Analytics({ writeKey: key, host: url, disable: false });
client.on("error", (error) => errors.push(error));
const context = { campaign: { source: "news", medium: "email" }, ip: "192.0.2.1" };
const order = { order_id: "A1", revenue: 29.9, products: [{ product_id: "p1", quantity: 2 }] };
const userId = "cust-1";

client.identify({ userId, traits: { email: "cora@example.com", firstName: "Cora", role: "owner" } });
client.track({ userId, event: "Order Completed", properties: order, context });
client.page({ userId, category: "Sales", name: "Prices", properties: { path: "/prices" } });
client.screen({ userId, category: "Shop", name: "Basket" });
client.group({ userId, groupId: "acme", traits: { name: "Acme Ltd" } });
client.alias({ previousId: "visitor-1", userId });
client.track({ anonymousId: "visitor-1", event: "Product Viewed", properties: { product_id: "p1" } });
for (let number = 0; number < 230; number += 1) {
  client.track({ userId, event: "Product Added", properties: { product_id: `p${number}` } });
}
await client.closeAndFlush();
if (errors.length) {
  console.error("not taken:", errors);
  process.exit(1);
}
