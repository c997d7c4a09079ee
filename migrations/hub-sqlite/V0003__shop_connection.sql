-- A shop that was connected by the app's installation: a pair of tokens that end, and how the connection stands.
alter table shop add column refresh_sealed blob;
alter table shop add column token_expires_ms integer;
alter table shop add column scopes text not null default '';
alter table shop add column is_app integer not null default 0 check (is_app in (0, 1));
alter table shop add column state text not null default 'connected' check (state in ('connected', 'refused', 'uninstalled'));
alter table shop add column note text not null default '';
