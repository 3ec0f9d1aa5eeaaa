"""The events that have a name without being declared in events.yaml, and how long each is kept.

Every event is a behaviour under its own name. Those that say who somebody is, what it agreed to
and what it bought live as long as the contact; the rest is kept for `keep_behaviour` of
company.yaml, and no condition looks at single ones further back. Standard library only.
"""

from collections.abc import Collection, Iterable, Mapping

EVENTS = frozenset(
    {
        # who somebody is, and what it agreed to
        "signed_up", "confirmed", "identified", "imported", "subscribed", "unsubscribed",
        "consent_changed", "preferences_changed", "preferences_confirmed", "list_joined",
        "list_left", "points_awarded",
        # on the web site
        "session_started", "page_viewed", "page_left", "screen_viewed", "site_searched",
        "form_submitted", "file_downloaded",
        # mail
        "email_sent", "email_delivered", "email_opened", "email_clicked", "email_replied",
        "email_bounced", "email_complained",
        # in the shop, in the words of the Segment e-commerce specification
        "product_viewed", "product_clicked", "product_added", "product_removed",
        "product_list_viewed", "products_searched", "product_shared", "product_reviewed",
        "product_added_to_wishlist", "promotion_viewed", "promotion_clicked", "coupon_applied",
        "cart_viewed", "cart_updated", "cart_emptied", "checkout_started",
        "checkout_step_completed", "payment_info_entered",
        "order_completed", "order_updated", "order_refunded", "order_cancelled",
        # with the product itself
        "trial_started", "trial_ending", "feature_used", "subscription_started",
        "subscription_cancelled",
        # after a purchase
        "order_delivered",
        # of a lead that sales got, and of the deal that came of it
        "lead_accepted", "lead_refused", "deal_opened", "deal_won", "deal_lost",
        # between people, on the telephone, in a shop, in a hall
        "call_requested", "call_held", "meeting_booked", "meeting_held", "store_visited",
        "event_registered", "registration_cancelled", "event_cancelled", "event_attended",
        # in public
        "post_liked", "post_shared", "post_commented", "account_followed",
    }
)  # fmt: skip
"""All of them. An event of one's own (events.yaml) is kept as behaviour is."""

LASTING = frozenset(
    {
        "signed_up", "confirmed", "identified", "imported", "subscribed", "unsubscribed",
        "consent_changed", "preferences_changed", "preferences_confirmed", "list_joined",
        "list_left", "points_awarded",
        "email_complained",
        "order_completed", "order_updated", "order_refunded", "order_cancelled",
        "subscription_started", "subscription_cancelled",
    }
)  # fmt: skip
"""Those that live as long as the contact."""


KEPT = LASTING | {
    "erased", "joined", "join_undone", "company_joined", "company_left", "group_joined", "aliased",
    "trait_changed",
}  # fmt: skip
"""All events that live as long as the contact: those, and whose history it is."""


def known_behaviours(declared: Iterable[str], own: Iterable[str]) -> frozenset[str]:
    """What `did:` may name: the declared behaviours, and every event by itself."""
    return EVENTS.union(declared, own)


def lasting_behaviours(declared: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The behaviours (declared: by name, with their events) whose every event lasts."""
    return LASTING.union(name for name, events in declared.items() if LASTING.issuperset(events))
