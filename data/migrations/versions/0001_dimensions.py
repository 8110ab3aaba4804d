"""The code tables and their codes."""

from data.migrations.steps import create_missing

revision = "0001"
down_revision = None

TABLES = {
    "atalaya_created_tables": """
create table atalaya_created_tables (
    name text not null,
    created_at timestamptz default now() not null,
    constraint atalaya_created_tables_pkey primary key (name)
);
comment on table atalaya_created_tables is
    'Tables that a migration of Atalaya created, and later ones may therefore alter';
comment on column atalaya_created_tables.name is 'Name of the table';
comment on column atalaya_created_tables.created_at is 'When a migration created it';
""",
    "provinces": """
create table provinces (
    id smallint not null,
    iso text not null,
    name text not null,
    constraint provinces_pkey primary key (id),
    constraint provinces_iso_key unique (iso)
);
comment on table provinces is 'The 24 jurisdictions of Argentina, and 0 for unknown';
comment on column provinces.id is 'Code used by events, sessions and payments';
comment on column provinces.iso is 'ISO 3166-2 code, AR-A to AR-Z; empty for unknown';
comment on column provinces.name is 'Name as people write it';
insert into provinces (id, iso, name) values
    (0, '', 'Unknown'),
    (1, 'AR-A', 'Salta'),
    (2, 'AR-B', 'Buenos Aires'),
    (3, 'AR-C', 'Ciudad Autónoma de Buenos Aires'),
    (4, 'AR-D', 'San Luis'),
    (5, 'AR-E', 'Entre Ríos'),
    (6, 'AR-F', 'La Rioja'),
    (7, 'AR-G', 'Santiago del Estero'),
    (8, 'AR-H', 'Chaco'),
    (9, 'AR-J', 'San Juan'),
    (10, 'AR-K', 'Catamarca'),
    (11, 'AR-L', 'La Pampa'),
    (12, 'AR-M', 'Mendoza'),
    (13, 'AR-N', 'Misiones'),
    (14, 'AR-P', 'Formosa'),
    (15, 'AR-Q', 'Neuquén'),
    (16, 'AR-R', 'Río Negro'),
    (17, 'AR-S', 'Santa Fe'),
    (18, 'AR-T', 'Tucumán'),
    (19, 'AR-U', 'Chubut'),
    (20, 'AR-V', 'Tierra del Fuego'),
    (21, 'AR-W', 'Corrientes'),
    (22, 'AR-X', 'Córdoba'),
    (23, 'AR-Y', 'Jujuy'),
    (24, 'AR-Z', 'Santa Cruz');
""",
    "devices": """
create table devices (
    id smallint not null,
    code text not null,
    name text not null,
    constraint devices_pkey primary key (id),
    constraint devices_code_key unique (code)
);
comment on table devices is 'Device classes of a visit';
comment on column devices.id is 'Code used by events, sessions and payments';
comment on column devices.code is 'mobile, desktop, tablet, unknown';
comment on column devices.name is 'Label on the page';
insert into devices (id, code, name) values
    (0, 'unknown', 'Unknown'),
    (1, 'mobile', 'Mobile'),
    (2, 'desktop', 'Desktop'),
    (3, 'tablet', 'Tablet');
""",
    "referrals": """
create table referrals (
    id smallint not null,
    code text not null,
    name text not null,
    constraint referrals_pkey primary key (id),
    constraint referrals_code_key unique (code)
);
comment on table referrals is 'Where a visit came from';
comment on column referrals.id is 'Code used by events, sessions and payments';
comment on column referrals.code is 'direct, whatsapp, instagram, google, other, unknown';
comment on column referrals.name is 'Label on the page';
insert into referrals (id, code, name) values
    (0, 'unknown', 'Unknown'),
    (1, 'direct', 'Direct'),
    (2, 'whatsapp', 'WhatsApp'),
    (3, 'instagram', 'Instagram'),
    (4, 'google', 'Google'),
    (5, 'other', 'Other');
""",
    "event_names": """
create table event_names (
    id smallint not null,
    name text not null,
    step smallint,
    constraint event_names_pkey primary key (id),
    constraint event_names_name_key unique (name),
    constraint event_names_step_key unique (step)
);
comment on table event_names is 'Names of events, and which of them are the five booking steps';
comment on column event_names.id is 'Code used by analytics_events';
comment on column event_names.name is 'Name that producers send';
comment on column event_names.step is 'Booking step 1 to 5; null when not a step';
insert into event_names (id, name, step) values
    (0, 'unknown', null),
    (1, 'visit', 1),
    (2, 'search', 2),
    (3, 'provider_selected', 3),
    (4, 'checkout', 4),
    (5, 'booking_paid', 5),
    (6, 'signup', null),
    (7, 'login', null),
    (8, 'message_sent', null),
    (9, 'image_upload', null),
    (10, 'review_written', null),
    (11, 'booking_cancelled', null),
    (12, 'agent_reply', null),
    (13, 'app_performance', null),
    (14, 'feature_used', null),
    (15, 'share', null),
    (16, 'favorite_added', null);
""",
}


def upgrade() -> None:
    """Create what is missing."""
    create_missing(TABLES)
