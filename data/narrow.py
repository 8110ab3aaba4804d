"""The viewer's four filters as SQL, once, for statements about rows that carry those dimensions."""

from typing import Final

from sqlalchemy import TextClause, text

_MARK: Final = "/* filters */"
# Codes are looked up, not joined; a code that no row has matches nothing.
REGION: Final = """
        (cast(:region as text) is null
            or province = (select id from provinces where iso = :region))
""".strip()
"""The region alone, for rows with a column province."""
DIMENSIONS: Final = f"""
        {REGION}
        and (cast(:device as text) is null
            or device = (select id from devices where code = :device))
        and (cast(:referral as text) is null
            or referral = (select id from referrals where code = :referral))
""".strip()  # noqa: S608 - our own words
"""Region, device and referral, for rows with the columns province, device and referral."""
FILTERS: Final = f"{DIMENSIONS}\n        and (cast(:tenant as integer) is null or tenant = :tenant)"
"""All four filters, for rows that carry a tenant as well."""


def narrowed(sql: str) -> TextClause:
    """Put the region, device, referral and tenant conditions in place of each `/* filters */`.

    The marked table must be the only one in scope with columns province, device, referral, tenant.
    """
    if _MARK not in sql:
        raise ValueError(f"Write {_MARK} where the filters belong.")
    return text(sql.replace(_MARK, FILTERS))
