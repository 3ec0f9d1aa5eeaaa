"""The events that everybody may send or receive, without declaring them in events.yaml."""

EVENTS = frozenset(
    {
        # who somebody is, and what it agreed to
        "signed_up", "confirmed", "identified", "subscribed", "unsubscribed", "consent_changed",
        "list_joined", "list_left", "points_awarded",
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
        "cart_viewed", "checkout_started", "checkout_step_completed", "payment_info_entered",
        "order_completed", "order_updated", "order_refunded", "order_cancelled",
        # with the product itself
        "trial_started", "feature_used", "subscription_started", "subscription_cancelled",
        # between people, on the telephone, in a shop, in a hall
        "call_requested", "call_held", "meeting_booked", "meeting_held", "store_visited",
        "event_registered", "event_attended",
        # in public
        "post_liked", "post_shared", "post_commented", "account_followed",
    }
)  # fmt: skip
