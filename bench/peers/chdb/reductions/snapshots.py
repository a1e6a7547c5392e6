"""Rollups that take rows as they are: products, shops, accounts, manual decisions; and the tickets of the day.

product_days and account_days are tables, since lines are joined with them; the others go from Parquet to Parquet.
"""

import session
from reductions.lines import dated

ROLE = "CAST(subject_role AS Enum8('merchant', 'talent', 'product')) AS subject_role"


def tables(args):
    return {
        "product_days": f"SELECT {dated(args)}product_id, category1_id, brand_id, units_per_item FROM {session.dumps(args, 'products')}",
        "account_days": f"SELECT {dated(args)}talent_id, owner_merchant_id, followers FROM {session.dumps(args, 'talents')}",
    }


def queries(args):
    """Query and order by name."""
    products = session.dumps(args, "products", 1)
    return {
        "product_days": ("SELECT * FROM product_days", "product_id"),
        "account_days": ("SELECT * FROM account_days", "talent_id"),
        "carted_products": (f"SELECT product_id FROM {products} WHERE in_cart", "product_id"),
        "product_facts": (
            f"""SELECT product_id, merchant_id, name, category1_id, category2_id, category3_id, style_id, info_score, is_virtual, live_only, brand_flag
                FROM {products}""",
            "product_id",
        ),
        # round() would round halves to even.
        "shelf_minutes": (
            f"""SELECT product_id, toInt64(floor(purchasable_hours * 60 + 0.5)) AS purchasable_minutes
                FROM {products} WHERE purchasable_minutes > 0 AND NOT live_only""",
            "product_id",
        ),
        "merchant_facts": (f"SELECT merchant_id, name, kind, category1_id, joined_on FROM {session.dumps(args, 'merchants', 1)}", "merchant_id"),
        "account_facts": (f"SELECT talent_id, name, owner_merchant_id, category1_id, followers, joined_on FROM {session.dumps(args, 'talents', 1)}", "talent_id"),
        "overrides": (
            f"""SELECT {ROLE}, subject_id, CAST(resource AS Enum8('traffic', 'subsidy', 'benefit', 'campaign')) AS resource, valid_from,
                       action, reason, author, valid_to
                FROM {session.dumps(args, 'overrides', 1)}""",
            "subject_role, subject_id, resource, valid_from",
        ),
        "violation_points": (
            f"""SELECT {ROLE}, subject_id, CAST(severity AS Enum8('severe', 'general')) AS severity, count() AS tickets, sum(v.points) AS points
                FROM {session.dumps(args, 'violations')} v GROUP BY subject_role, subject_id, severity""",
            "subject_role, subject_id, severity",
        ),
    }
