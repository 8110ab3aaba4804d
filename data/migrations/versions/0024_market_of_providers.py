"""What is usual among providers, and how each of them began."""

from typing import Final

from data.migrations.steps import create_missing

revision = "0024"
down_revision = "0023"

TABLES: Final = {
    "provider_market": """
create table provider_market (
    window_days smallint not null,
    region text not null,
    kind text not null,
    measure text not null,
    currency char(3) not null,
    providers bigint default 0 not null,
    median double precision not null,
    top_decile double precision not null,
    part double precision,
    cases double precision,
    constraint provider_market_pkey primary key (window_days, region, kind, measure, currency)
) with (fillfactor = 80);
comment on table provider_market is
    'What is usual among providers, by window, jurisdiction and kind';
comment on column provider_market.window_days is '7, 30 or 90 local days, today included';
comment on column provider_market.region is
    'Code of the jurisdiction; empty for the whole country';
comment on column provider_market.kind is 'barber, salon or clinic; empty for all';
comment on column provider_market.measure is 'A column of provider_scores';
comment on column provider_market.currency is 'Of money; empty for all else';
comment on column provider_market.providers is
    'Providers with a booking in the window of whom the measure is known';
comment on column provider_market.median is 'Half of them are below it';
comment on column provider_market.top_decile is
    'The best tenth reaches it: the lowest where less is better';
comment on column provider_market.part is 'Sum of numerators; null: the measure has none';
comment on column provider_market.cases is 'Sum of denominators; null: the measure has none';
""",
    "provider_starts": """
create table provider_starts (
    provider_id bigint not null,
    joined_day date not null,
    first_booked_day date,
    first_sale_day date,
    currency char(3),
    earnings_30 bigint default 0 not null,
    earnings_60 bigint default 0 not null,
    earnings_90 bigint default 0 not null,
    sought text default '' not null,
    constraint provider_starts_pkey primary key (provider_id)
) with (fillfactor = 80);
create index provider_starts_joined_day_idx on provider_starts (joined_day);
comment on table provider_starts is 'How each provider began, and the words that find it';
comment on column provider_starts.provider_id is 'Provider';
comment on column provider_starts.joined_day is 'Local day on which it joined';
comment on column provider_starts.first_booked_day is
    'Local day of its first booking; null: none';
comment on column provider_starts.first_sale_day is 'Local day of its first sale; null: none';
comment on column provider_starts.currency is
    'In which it earned at first; null: sells nothing';
comment on column provider_starts.earnings_30 is
    'Earnings of its first 30 days, in that currency';
comment on column provider_starts.earnings_60 is 'Earnings of its first 60 days';
comment on column provider_starts.earnings_90 is 'Earnings of its first 90 days';
comment on column provider_starts.sought is 'Name and city in small letters without accents';
""",
}


def upgrade() -> None:
    """Create what is missing."""
    create_missing(TABLES)
