"""What happened and when: the marks on the time axis of every chart."""

from typing import Final

from pandas import DataFrame
from sqlalchemy import text

from data.cache import question
from data.database import Database
from data.period import Filters

MARKS: Final = text("""
    -- data.timeline.marks
    select deployed_at as at, 'deploy' as kind, service || ' ' || version as label,
        case when status = 'succeeded' then coalesce(notes, '')
            else concat_ws(': ', replace(status, '_', ' '), notes) end as detail
    from deploys
    where deployed_at >= :since and deployed_at < :until
    union all
    select started_at, 'alert', title, severity
    from production_alerts
    where started_at >= :since and started_at < :until and severity <> 'info'
    union all
    select occurred_at, 'flag',
        coalesce(after ->> 'name', before ->> 'name', subject_id, subject_type),
        concat_ws(' by ', split_part(action, '.', 2), actor_name)
    from activity_logs
    where occurred_at >= :since and occurred_at < :until and split_part(action, '.', 1) = 'flag'
    order by at, kind, label
""")


@question(ttl_s=5)
def marks(db: Database, filters: Filters) -> DataFrame:
    """Deploys, alerts that began (warning or critical) and flag changes in the period.

    Grain: one row per happening, oldest first. Columns: at datetime UTC, kind "deploy", "alert" or
    "flag", label str (what), detail str (how it ended, how severe, who). Source: deploys,
    production_alerts, activity_logs.
    """
    return db.frame(MARKS, **filters.sql())
