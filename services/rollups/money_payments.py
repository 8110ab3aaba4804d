"""What each payment contributes to the cells, read once a tick and compared with what it did."""

from typing import Final

from sqlalchemy import text

KEY: Final = ("visitor_id", "payment_id")
SEEN: Final = (
    "created_at", "sold_at", "back_at", "amount", "commission", "refunded", "commission_back",
    "provider_id", "booking_id", "day", "sold_day", "back_day", "tenant", "province", "device",
    "referral", "instalments", "currency", "gateway", "method", "status", "reason", "kind",
    "service", "city",
)  # fmt: skip
"""Columns of payment_applied beside its key."""
MEASURES: Final = (
    "sales", "gross", "commission", "refunds", "refunded", "commission_back", "charged_back",
)  # fmt: skip
"""What every money cell holds."""

_SEEN: Final = ", ".join(SEEN)
_COLUMNS: Final = ", ".join((*KEY, *SEEN))
_BEFORE: Final = ", ".join(f"before.{name}" for name in SEEN)
_AFTER: Final = ", ".join(f"after.{name}" for name in SEEN)
_KEPT: Final = ", ".join(f"kept.{name}" for name in SEEN)
_GIVEN: Final = ", ".join(f"excluded.{name}" for name in SEEN)

STAGING: Final = (
    """
    create temp table if not exists payments_new (like payment_applied) on commit delete rows
    """,
    """
    create temp table if not exists payments_diff (sign integer not null, like payment_applied)
    on commit delete rows
    """,
    """
    create temp table if not exists money_moves (
        at timestamptz not null, like money_day, tenant integer not null,
        provider_id bigint not null, kind text not null, service text not null, city text not null
    ) on commit delete rows
    """,
)

# The state that a payment has now, if it changed since the last tick: versions in between leave no
# trace, and nothing depends on the order in which they came. What a booking is for is looked up
# until it is found and kept then, so that a service which gets another name, or a provider which
# becomes another kind, does not take its sales with it.
STAGE: Final = text(f"""
    -- services.rollups.money_payments.stage
    insert into payments_new ({_COLUMNS})
    select p.visitor_id, p.payment_id, p.created_at, p.approved_at, refund.at,
        p.amount_minor, p.commission_minor, refund.amount,
        case when p.amount_minor = 0 then 0 else div(
            p.commission_minor::numeric * least(refund.amount, p.amount_minor), p.amount_minor
        ) end,
        p.provider_id, p.booking_id, (p.created_at at time zone :tz)::date,
        (p.approved_at at time zone :tz)::date, (refund.at at time zone :tz)::date,
        p.tenant, p.province, p.device, p.referral,
        p.instalments, p.currency, p.gateway, p.method, p.status,
        case when p.status = 'rejected' then coalesce(p.failure_reason, '') else '' end,
        coalesce(case when same_provider then nullif(known.kind, '') end, providers.kind, ''),
        coalesce(case when same_booking then nullif(known.service, '') end,
            btrim(services.name), ''),
        coalesce(case when same_booking then nullif(known.city, '') end, sessions.city, '')
    from payments as p
    cross join lateral (
        select case when p.refunded_minor > 0 then p.refunded_at end as at,
            case when p.refunded_at is not null then p.refunded_minor else 0 end as amount
    ) as refund
    left join payment_applied as known
        on known.visitor_id = p.visitor_id and known.payment_id = p.payment_id
    cross join lateral (
        select known.provider_id = p.provider_id as same_provider,
            known.booking_id = p.booking_id as same_booking
    ) as still
    left join providers on providers.id = p.provider_id
    left join bookings on bookings.id = p.booking_id
    left join services on services.id = bookings.service_id
    left join sessions on sessions.visitor_id = bookings.visitor_id
        and sessions.session_id = bookings.session_id
    where p.tx >= cast(:lo as xid8) and p.tx < cast(:hi as xid8)
""")  # noqa: S608 - our own names

ANALYZE_NEW: Final = text("""
    -- services.rollups.money_payments.analyze_new
    analyze payments_new
""")

# What it contributed leaves its cells, what it contributes now enters them; the unchanged drop out.
DIFFER: Final = text(f"""
    -- services.rollups.money_payments.differ
    insert into payments_diff (sign, {_COLUMNS})
    select -1, visitor_id, payment_id, {_BEFORE}
    from payments_new as after join payment_applied as before using (visitor_id, payment_id)
    where ({_BEFORE}) is distinct from ({_AFTER})
    union all
    select 1, after.visitor_id, after.payment_id, {_AFTER}
    from payments_new as after left join payment_applied as before using (visitor_id, payment_id)
    where before.visitor_id is null or ({_BEFORE}) is distinct from ({_AFTER})
""")  # noqa: S608 - our own names

# A payment is up to two entries: a sale when it was approved, a refund when money went back.
MOVE: Final = text(f"""
    -- services.rollups.money_payments.move
    insert into money_moves (
        at, day, currency, province, device, referral, tenant, provider_id, kind, service, city,
        {", ".join(MEASURES)}
    )
    select sold_at, sold_day, currency, province, device, referral, tenant, provider_id, kind,
        service, city, sign, sign * amount, sign * commission, 0, 0, 0, 0
    from payments_diff
    where sold_at is not null
    union all
    select back_at, back_day, currency, province, device, referral, tenant, provider_id, kind,
        service, city, 0, 0, 0, sign, sign * refunded, sign * commission_back,
        case when status = 'charged_back' then sign * refunded else 0 end
    from payments_diff
    where back_at is not null
""")  # noqa: S608 - our own names

ANALYZE_MOVES: Final = text("""
    -- services.rollups.money_payments.analyze_moves
    analyze payments_diff, money_moves
""")

STORE: Final = text(f"""
    -- services.rollups.money_payments.store
    insert into payment_applied ({_COLUMNS})
    select visitor_id, payment_id, {_SEEN}
    from payments_new
    on conflict (visitor_id, payment_id) do update set ({_SEEN}) = row ({_GIVEN})
""")  # noqa: S608 - our own names

# From scratch, written another way. A payment that changed after the mark has lost the state that
# the cells hold, so its stored one is carried over: the next tick replaces it. So is what a payment
# was for, once it was found, because that is a name of then.
RECOMPUTE: Final = text(f"""
    -- services.rollups.money_payments.recompute
    insert into payment_applied_next ({_COLUMNS})
    with facts as (
        select payments.*, refunded_at is not null and refunded_minor <> 0 as is_back,
            date_trunc('day', created_at, :tz) as made_on,
            date_trunc('day', approved_at, :tz) as sold_on,
            date_trunc('day', refunded_at, :tz) as back_on
        from payments
        where tx < cast(:hi as xid8)
    ),
    goods as (
        select bookings.id, services.name, sessions.city
        from bookings
        left join services on services.id = bookings.service_id
        left join sessions using (visitor_id, session_id)
    )
    select facts.visitor_id, facts.payment_id, facts.created_at, facts.approved_at,
        case when is_back then facts.refunded_at end, facts.amount_minor, facts.commission_minor,
        case when is_back then facts.refunded_minor else 0 end,
        case when is_back and facts.amount_minor > 0 then floor(facts.commission_minor::numeric
            * least(facts.refunded_minor, facts.amount_minor) / facts.amount_minor) else 0 end,
        facts.provider_id, facts.booking_id,
        (made_on at time zone :tz)::date, (sold_on at time zone :tz)::date,
        case when is_back then (back_on at time zone :tz)::date end,
        facts.tenant, facts.province, facts.device, facts.referral, facts.instalments,
        facts.currency, facts.gateway, facts.method, facts.status,
        coalesce(case facts.status when 'rejected' then facts.failure_reason end, ''),
        coalesce(nullif(provided.kind, ''), providers.kind, ''),
        coalesce(nullif(booked.service, ''), trim(goods.name), ''),
        coalesce(nullif(booked.city, ''), goods.city, '')
    from facts
    left join payment_applied as provided using (visitor_id, payment_id, provider_id)
    left join payment_applied as booked
        on (booked.visitor_id, booked.payment_id, booked.booking_id)
            = (facts.visitor_id, facts.payment_id, facts.booking_id)
    left join providers on providers.id = facts.provider_id
    left join goods on goods.id = facts.booking_id
    union all
    select kept.visitor_id, kept.payment_id, {_KEPT}
    from payment_applied as kept join payments using (visitor_id, payment_id)
    where payments.tx >= cast(:hi as xid8)
""")  # noqa: S608 - our own names
