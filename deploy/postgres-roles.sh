#!/bin/sh
# Run once by the postgres image over an empty volume: the application's role owns its database and is no superuser.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$ISSUING_PASSWORD" --username postgres <<'SQL'
CREATE ROLE issuing LOGIN NOSUPERUSER CREATEDB PASSWORD :'password';
CREATE DATABASE issuing OWNER issuing ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C' TEMPLATE template0;
SQL
