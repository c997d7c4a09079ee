-- Written before the start command of a printer that owns its jobs leaves. Without it nothing was started. Attempts from
-- before this column may have been.
alter table attempt add column start_next integer not null default 1;
