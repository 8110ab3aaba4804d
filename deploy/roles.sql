-- The logins of Atalaya, once per cluster, as a superuser or the owner of the database:
--   psql -v owner_password=… -v reader_password=… -f deploy/roles.sql <database>
-- `python -m dashboard migrate` makes the groups atalaya_reader and atalaya_writer and their rights.

create role atalaya_app login password :'owner_password' connection limit 60;
create role atalaya_read login password :'reader_password' connection limit 60;

-- Migrates, writes, and owns what it makes. On PostgreSQL 15 and later nobody may create by default.
grant create, usage on schema public to atalaya_app;
alter role atalaya_app createrole;

-- After the first `migrate`, give the reading login its rights and take the right above back:
--   grant atalaya_reader to atalaya_read;
--   alter role atalaya_app nocreaterole;
-- Belt and braces: even a statement that tries to write is refused.
alter role atalaya_read set default_transaction_read_only = on;
alter role atalaya_read set statement_timeout = '30s';
