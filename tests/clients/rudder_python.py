"""Says everything that rudder-sdk-python can say, and fails if any of it is not taken."""

import sys

from rudderstack.analytics.client import Client

url, key, gzip = sys.argv[1], sys.argv[2], sys.argv[3] == "gzip"
errors: list[object] = []
client = Client(key, host=url, gzip=gzip, on_error=lambda error, _: errors.append(error))
context = {"campaign": {"source": "news", "medium": "email"}, "ip": "192.0.2.1"}
order = {"order_id": "A1", "revenue": 29.9, "products": [{"product_id": "p1", "quantity": 2}]}

client.identify("cust-1", {"email": "cora@example.com", "firstName": "Cora", "role": "owner"})
client.track("cust-1", "Order Completed", order, context=context)
client.page("cust-1", "Sales", "Prices", {"path": "/prices"})
client.screen("cust-1", "Shop", "Basket")
client.group("cust-1", "acme", {"name": "Acme Ltd"})
client.alias("visitor-1", "cust-1")
client.track(anonymous_id="visitor-1", event="Product Viewed", properties={"product_id": "p1"})
for number in range(230):
    client.track("cust-1", "Product Added", {"product_id": f"p{number}"})
client.shutdown()
sys.exit(f"not taken: {errors}" if errors else 0)
