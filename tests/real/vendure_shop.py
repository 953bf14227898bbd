"""What a shop owner and customers do in a real Vendure: channels, a product, paid orders, the truth."""

from dataclasses import dataclass
from typing import Any

import httpx

CHANNELS = ("web", "market", "till")
PRICE_CENTS = 5000

CHANNEL = """
mutation($input: CreateChannelInput!) {
  createChannel(input: $input) { ... on Channel { id } ... on ErrorResult { message } }
}"""
PRODUCT = """
mutation { createProduct(input: {translations: [
  {languageCode: en, name: "Lamp", slug: "lamp", description: ""}]}) { id } }"""
VARIANT = """
mutation($product: ID!, $price: Money!) {
  createProductVariants(input: [{productId: $product, sku: "LAMP", price: $price, trackInventory: FALSE,
    translations: [{languageCode: en, name: "Lamp"}]}]) { id }
}"""
ASSIGN = """
mutation($channel: ID!, $shipping: ID!, $payment: ID!, $stock: ID!, $product: ID!) {
  assignShippingMethodsToChannel(input: {channelId: $channel, shippingMethodIds: [$shipping]}) { id }
  assignPaymentMethodsToChannel(input: {channelId: $channel, paymentMethodIds: [$payment]}) { id }
  assignStockLocationsToChannel(input: {channelId: $channel, stockLocationIds: [$stock]}) { id }
  assignProductsToChannel(input: {channelId: $channel, productIds: [$product], priceFactor: 1}) { id }
}"""
PARTS = """
{ zones { items { id } } shippingMethods { items { id } } paymentMethods { items { id code } }
  stockLocations { items { id } } }"""
ADD = "mutation($variant: ID!) { addItemToOrder(productVariantId: $variant, quantity: 2) { __typename } }"
BUY = """
mutation($mail: String!, $shipping: [ID!]!, $payment: String!) {
  setCustomerForOrder(input: {firstName: "Ann", lastName: "Other", emailAddress: $mail}) { __typename }
  setOrderShippingAddress(input: {streetLine1: "Way 1", countryCode: "AT"}) { __typename }
  setOrderShippingMethod(shippingMethodId: $shipping) { __typename }
  transitionOrderToState(state: "ArrangingPayment") { __typename }
  addPaymentToOrder(input: {method: $payment, metadata: {}}) {
    ... on Order { id code state totalWithTax lines { id } payments { id } } ... on ErrorResult { message }
  }
}"""
REFUNDS = """
query($skip: Int!) { orders(options: {take: 100, skip: $skip, sort: {id: ASC}}) {
  totalItems items { code payments { refunds { id total state reason } } } } }"""


@dataclass(frozen=True)
class Bought:
    """A paid order, with what its refund needs; amounts in cents."""

    channel: str
    id: str
    code: str
    line: str
    payment: str
    total_cents: int


@dataclass(frozen=True)
class Refunded:
    """A refund as Vendure's own API tells it."""

    id: str
    order: str
    total_cents: int
    state: str
    reason: str


class VendureShop:
    """A shop with one product in three channels; the tokens are `web-token` and so on."""

    def __init__(self, client: httpx.Client, user: str, password: str) -> None:
        """Log in as its owner."""
        self._client = client
        log_in = "mutation($u: String!, $p: String!) { login(username: $u, password: $p) { __typename } }"
        answer = self._post("admin-api", log_in, {"u": user, "p": password})
        self._owner = answer.headers["vendure-auth-token"]
        self._variant = ""
        self._shipping = ""
        self._payment = ""

    def open_channels(self) -> None:
        """Open the three channels and put the product into each."""
        parts = self.admin(PARTS)
        first = {name: group["items"][0] for name, group in parts.items()}
        self._shipping = first["shippingMethods"]["id"]
        self._payment = first["paymentMethods"]["code"]
        product = self.admin(PRODUCT)["createProduct"]["id"]
        variants = self.admin(VARIANT, {"product": product, "price": PRICE_CENTS})
        self._variant = variants["createProductVariants"][0]["id"]
        for code in CHANNELS:
            channel = self.admin(CHANNEL, {"input": _channel(code, first["zones"]["id"])})
            parts_of_it = {
                "channel": channel["createChannel"]["id"],
                "shipping": self._shipping,
                "payment": first["paymentMethods"]["id"],
                "stock": first["stockLocations"]["id"],
                "product": product,
            }
            self.admin(ASSIGN, parts_of_it)

    def buy(self, channel: str, customer: str) -> Bought:
        """Place and pay an order of two lamps, as a customer of that channel."""
        added = self._post("shop-api", ADD, {"variant": self._variant}, channel=channel)
        session = added.headers["vendure-auth-token"]
        asked = {"mail": customer, "shipping": [self._shipping], "payment": self._payment}
        answer = self._post("shop-api", BUY, asked, channel=channel, token=session)
        order = _data(answer)["addPaymentToOrder"]
        assert order["state"] == "PaymentSettled", order
        return Bought(
            channel=channel,
            id=order["id"],
            code=order["code"],
            line=order["lines"][0]["id"],
            payment=order["payments"][0]["id"],
            total_cents=order["totalWithTax"],
        )

    def refunds(self) -> list[Refunded]:
        """Every refund there is, page by page: what the shop itself says was made."""
        found: list[Refunded] = []
        skip, total = 0, 1
        while skip < total:
            page = self.admin(REFUNDS, {"skip": skip})["orders"]
            skip, total = skip + 100, page["totalItems"]
            found += [
                Refunded(row["id"], order["code"], row["total"], row["state"], row["reason"])
                for order in page["items"]
                for payment in order["payments"] or []
                for row in payment["refunds"]
            ]
        return found

    def admin(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the admin API as the owner."""
        return _data(self._post("admin-api", document, variables or {}, token=self._owner))

    def _post(
        self, api: str, document: str, variables: dict[str, Any], *, channel: str = "", token: str = ""
    ) -> httpx.Response:
        headers = {"vendure-token": f"{channel}-token"} if channel else {}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return self._client.post(api, json={"query": document, "variables": variables}, headers=headers)


def _data(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    assert not body.get("errors"), body
    return dict(body["data"])


def _channel(code: str, zone: str) -> dict[str, Any]:
    return {
        "code": code,
        "token": f"{code}-token",
        "defaultLanguageCode": "en",
        "availableLanguageCodes": ["en"],
        "pricesIncludeTax": True,
        "defaultCurrencyCode": "EUR",
        "availableCurrencyCodes": ["EUR"],
        "defaultTaxZoneId": zone,
        "defaultShippingZoneId": zone,
    }
